"""Which labels a parsed answer says, read along the tree of its schema. Knows no text and no contract's name."""

from collections.abc import Mapping, Sequence

from shadowbert.domain.contract import Field, Path
from shadowbert.recognition.contract import marker_of
from shadowbert.recognition.fingerprint import canonical_json
from shadowbert.recognition.tree import Branch, Container, Either, Labels, Leaf, Several, Tree, Variants, step_of

SCALARS = (str, int, type(None))
"""What a label may be."""


def indices(tree: Container, fields: Sequence[Field], value: object) -> dict[Path, int] | None:
    """The index of what each field says, by path; without those that are left out. None where the tree allows no such
    answer: extra keys, other types, True for 1.
    """
    walk = _Walk(fields)
    return walk.found if walk.container(tree, (), value) else None


class _Walk:
    """Each method: whether the value is one that may stand there."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self.found: dict[Path, int] = {}
        self._fields: Mapping[Path, Field] = {field.path: field for field in fields}

    def container(self, tree: Container, path: Path, value: object) -> bool:
        if isinstance(tree, Branch):
            return self._branch(tree, path, value)
        return self._variants(tree, path, value) if isinstance(tree, Variants) else self._several(tree, path, value)

    def _branch(self, branch: Branch, path: Path, value: object) -> bool:
        if not isinstance(value, dict):
            return False
        known = 0
        for name, required, node in branch.properties:
            if name in value:
                known += 1
                here = (*path, name)
                if not (
                    self._label(here, node.labels, value[name])
                    if isinstance(node, Leaf)
                    else self._property(here, node, value[name], required=required)
                ):
                    return False
            elif required:
                return False
        return known == len(value)

    def _property(self, path: Path, node: Tree, value: object, *, required: bool) -> bool:
        if isinstance(node, Either):
            if _known(node.labels, value):
                return self._label(path, node.labels, value)
            return self._marked(path, node.tree, value)
        if isinstance(node, Branch | Variants | Several):
            return self.container(node, path, value) if required else self._marked(path, node, value)
        return True  # free

    def _marked(self, path: Path, tree: Container, value: object) -> bool:
        return self._label(path, {}, marker_of(tree)) and self.container(tree, path, value)

    def _label(self, path: Path, labels: Labels, value: object) -> bool:
        """Where nothing is to choose there is no field; what an open field has not seen yet is something else."""
        field = self._fields.get(path)
        if field is None:
            return _known(labels, value)
        index = field.index(value) if isinstance(value, SCALARS) else None
        found = field.other if index is None else index
        if found is None:
            return False
        self.found[path] = found
        return True

    def _variants(self, tree: Variants, path: Path, value: object) -> bool:
        said = value.get(tree.by) if isinstance(value, dict) else None
        for labels, branch in tree.parts:
            if _known(labels, said):
                step = (*path, step_of(labels))
                return self._label((*path, tree.by), labels, said) and self._branch(branch, step, value)
        return False

    def _several(self, tree: Several, path: Path, value: object) -> bool:
        if not isinstance(value, list) or not tree.admits(len(value)):
            return False
        if not all(_known(tree.labels, one) for one in value):
            return False
        said = {canonical_json(one) for one in value}
        if len(said) < len(value) and not tree.repeats:
            return False
        for text, label in tree.labels.items():
            self.found[(*path, step_of({text: label}))] = int(text in said)
        return True


def _known(labels: Labels, value: object) -> bool:
    return isinstance(value, SCALARS) and canonical_json(value) in labels
