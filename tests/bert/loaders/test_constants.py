"""The loaders run without this package, so what they know of it stands in them again; here both are held together."""

import ast
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch

from shadowbert.bert.serving import artifact, network, reader
from shadowbert.bert.serving.takeaway import LOADERS
from shadowbert.bert.training import heads, neighbours, ngrams
from shadowbert.domain.contract import Field
from shadowbert.domain.template import SLOT_SEPARATOR
from tests.bert.loaders.conftest import Open, opened

HOME = Path(str(files("shadowbert.bert.loaders")))
TWINS = {
    "SEPARATOR": SLOT_SEPARATOR,
    "CHARACTERS": reader.CHARACTERS,
    "UNSEEN": heads.UNSEEN,
    "PRIME": ngrams.PRIME,
    "NEAREST": neighbours.NEAREST,
    "SHARPNESS": neighbours.SHARPNESS,
    "SMOOTHING": neighbours.SMOOTHING,
}
OWN = {"TOLERANCE", "LOUD", "FAINT", "DEPTHS"}
"""Nobody here has these."""
FILES = (artifact.MANIFEST, artifact.MODEL, artifact.TOKENIZER, artifact.WEIGHTS)
GRAPH = (network.IDS, network.MASK, network.OUTPUT)


def constants(file: Path) -> set[str]:
    """The module's own names in capitals."""
    assigned = [node.targets for node in ast.parse(file.read_text()).body if isinstance(node, ast.Assign)]
    names = [name.id for targets in assigned for name in ast.walk(targets[0]) if isinstance(name, ast.Name)]
    return {name for name in names if name.isupper()}


def test_every_constant_is_as_ours_or_their_own(modeling: Open) -> None:
    found: dict[str, object] = {}
    for name in LOADERS:
        module = modeling(HOME, Path(name).stem)
        found |= {own: getattr(module, own) for own in constants(HOME / name)}
    assert {name: value for name, value in found.items() if name not in OWN} == TWINS
    assert set(found) >= OWN


@pytest.mark.parametrize("name", FILES + GRAPH)
def test_files_and_what_goes_in_and_out_have_our_names(name: str) -> None:
    assert f'"{name}"' in "".join((HOME / loader).read_text() for loader in LOADERS)


def test_a_long_text_has_as_long_a_head() -> None:
    middle = opened(HOME / "student.py")._middle
    for room in range(40):
        assert 50 - len(middle(list(range(50)), room)) == room
        assert middle(list(range(50)), room)[0] == reader._head(room)


def test_words_are_hashed_as_ours(modeling: Open) -> None:
    """A table that counts: one row and one column for each bucket that we find."""
    codes = np.array([0, 5, 9, 2_000_000_011, 7])
    tokens = [0, 1, 2, 3, 1, 2, 4, 0]
    times = Counter(own for own in ngrams.buckets(tokens, codes).tolist() if own)
    index = np.zeros(ngrams.BUCKETS, np.int64)
    index[list(times)] = np.arange(len(times)) + 1
    table = np.pad(np.eye(len(times)), ((1, 0), (0, 1)))
    words = {name: torch.from_numpy(own) for name, own in {"codes": codes, "index": index, "table": table}.items()}
    assert modeling(HOME).by_words(torch.tensor(tokens), words).tolist() == list(times.values())


def test_fields_and_outcomes_are_called_as_ours(exported: Path) -> None:
    folder = opened(exported / "student.py").Folder(exported)
    for path in ((), ("a",), ("a", "b"), ("[y]",), ("a", "[x]", "b")):
        field = Field(path, ("one", "two"), required=False, open=True)
        told = {"path": list(path), "labels": list(field.labels), "required": False, "open": True}
        assert folder.labels(told) == [field.label(index) for index in range(field.classes)]
        folder.fields, folder.manifest["temperatures"] = [told], [1.0]
        assert list(folder.answer([0.0] * field.classes)["answer"]) == [field.name]
