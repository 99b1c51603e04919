"""Writes an answer as JSON along the tree of its schema. Knows the manner of writing, and no contract's name.

The pieces are those of `json.dumps` in the same manner.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring, encode_basestring_ascii

from shadowbert.domain.contract import Field, Fill, Fills, Label, Path, spelled_path
from shadowbert.domain.manner import Manner
from shadowbert.recognition.fingerprint import canonical_json
from shadowbert.recognition.tree import Branch, Container, Either, Free, Labels, Leaf, Several, Tree, Variants, step_of

YES = 1
"""The index of true: a label is in the list."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer's text: the label of a field, or what stands between labels."""

    text: str
    field: int | None = None


Chosen = tuple[int, Field, int]
"""A field's number, the field, and the index of what it says."""


class Unsayable(Exception):
    """No answer of this schema says just this."""


def spelled(label: Label, manner: Manner) -> str:
    """A label as it stands in the JSON of this manner, without a text's quotes."""
    written = _json(label, manner)
    return written[1:-1] if isinstance(label, str) else written


def _json(label: Label, manner: Manner) -> str:
    """As `json.dumps`, which makes an encoder for each call."""
    if isinstance(label, str):
        return encode_basestring_ascii(label) if manner.escaped else encode_basestring(label)
    return json.dumps(label)


def pieces(tree: Container, chosen: Mapping[Path, Chosen], fills: Fills, manner: Manner) -> list[Piece]:
    """Raises Unsayable where a field is said that has no place beside the others, or one is not that must be."""
    pen = _Pen(chosen, fills, manner)
    written = list(pen.container(tree, (), 1))
    if len(pen.used) < len(chosen) and any(_said(one) and one[0] not in pen.used for one in chosen.values()):
        raise Unsayable
    return written


class _Pen:
    """`level` is the depth of what stands inside."""

    def __init__(self, chosen: Mapping[Path, Chosen], fills: Fills, manner: Manner) -> None:
        self.used: set[int] = set()
        self._chosen, self._fills, self._manner = chosen, fills, manner
        self._colon = ": " if manner.spaced or manner.indent else ":"

    def container(self, tree: Container, path: Path, level: int) -> Iterator[Piece]:
        if isinstance(tree, Branch):
            return self._branch(tree, path, level)
        return self._variant(tree, path, level) if isinstance(tree, Variants) else self._several(tree, path, level)

    def _branch(
        self, branch: Branch, path: Path, level: int, kind: tuple[str, Chosen] | None = None
    ) -> Iterator[Piece]:
        start, comma, end = self._marks("{", "}", level)
        empty, before = True, start
        for name, required, node in branch.properties:
            if kind is not None and name == kind[0]:
                value: Iterator[Piece] | None = self._label(kind[1])
            else:
                value = self._property((*path, name), node, level)
            if value is not None:
                yield Piece(f"{before}{_json(name, self._manner)}{self._colon}")
                yield from value
                empty, before = False, comma
            elif required:
                raise Unsayable
        yield Piece("{}" if empty else end)

    def _property(self, path: Path, node: Tree, level: int) -> Iterator[Piece] | None:
        """None where it is left out."""
        if isinstance(node, Free):
            return self._fill(path, level)
        choice = self._at(path)
        if choice is not None and not _said(choice):
            return None
        if isinstance(node, Leaf):
            return self._constant(node.labels) if choice is None else self._label(choice)
        if choice is not None and isinstance(node, Either) and _text(choice) in node.labels:
            return self._label(choice)
        return self.container(node.tree if isinstance(node, Either) else node, path, level + 1)

    def _variant(self, tree: Variants, path: Path, level: int) -> Iterator[Piece]:
        choice = self._at((*path, tree.by))
        if choice is None or not _said(choice):
            raise Unsayable
        labels, branch = next(part for part in tree.parts if _text(choice) in part[0])
        return self._branch(branch, (*path, step_of(labels)), level, (tree.by, choice))

    def _several(self, tree: Several, path: Path, level: int) -> Iterator[Piece]:
        start, comma, end = self._marks("[", "]", level)
        said = [label for text, label in tree.labels.items() if self._holds((*path, step_of({text: label})))]
        if not tree.admits(len(said)):
            raise Unsayable
        for before, label in zip((start, *(comma for _ in said)), said, strict=False):
            yield Piece(before + _json(label, self._manner))
        yield Piece(end if said else "[]")

    def _holds(self, path: Path) -> bool:
        choice = self._at(path)
        if choice is None or not _said(choice):
            raise Unsayable
        return choice[2] == YES

    def _fill(self, path: Path, level: int) -> Iterator[Piece] | None:
        fill = self._fills.get(spelled_path(path))
        if fill is None:
            raise Unsayable
        return None if fill.omitted else iter((Piece(self._filled(fill, level)),))

    def _filled(self, fill: Fill, level: int) -> str:
        indent = self._manner.indent
        separators = (",", ": ") if indent else (", ", ": ") if self._manner.spaced else (",", ":")
        written = json.dumps(fill.value, ensure_ascii=self._manner.escaped, separators=separators, indent=indent)
        return written.replace("\n", "\n" + " " * (indent or 0) * level)

    def _at(self, path: Path) -> Chosen | None:
        """What is chosen here; None where there is nothing to choose."""
        choice = self._chosen.get(path)
        if choice is not None:
            self.used.add(choice[0])
        return choice

    def _constant(self, labels: Labels) -> Iterator[Piece]:
        (label,) = labels.values()
        return iter((Piece(_json(label, self._manner)),))

    def _label(self, choice: Chosen) -> Iterator[Piece]:
        """A text's quotes belong to the JSON, not to the label."""
        number, field, index = choice
        label = field.labels[index]
        piece = Piece(spelled(label, self._manner), number)
        return iter((Piece('"'), piece, Piece('"')) if isinstance(label, str) else (piece,))

    def _marks(self, opening: str, closing: str, level: int) -> tuple[str, str, str]:
        """What stands before the first, between two, and after the last."""
        indent = self._manner.indent
        if not indent:
            return opening, ", " if self._manner.spaced else ",", closing
        line, last = ("\n" + " " * indent * deep for deep in (level, level - 1))
        return opening + line, "," + line, last + closing


def _said(choice: Chosen) -> bool:
    return choice[2] < len(choice[1].labels)


def _text(choice: Chosen) -> str:
    return canonical_json(choice[1].labels[choice[2]])


def merged(written: Sequence[Piece]) -> list[Piece]:
    """Neighbours between two labels are one piece."""
    one: list[Piece] = []
    for piece in written:
        if one and piece.field is None and one[-1].field is None:
            one[-1] = Piece(one[-1].text + piece.text)
        elif piece.text or piece.field is not None:
            one.append(piece)
    return one
