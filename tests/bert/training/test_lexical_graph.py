"""The graph adds up what the table says, whatever the batch, the padding and the collisions."""

from collections.abc import Callable

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from shadowbert.bert.serving.network import IDS, MASK, OUTPUT
from shadowbert.bert.training.lexical import NgramTable, fit_expert
from shadowbert.bert.training.lexical_graph import attach_ngrams
from shadowbert.bert.training.ngrams import PRIME, count
from shadowbert.bert.training.probe import Rows

SPECIAL = (0, 1, 2)
CODES = np.array([0, 0, 0, *np.random.default_rng(3).integers(1, PRIME, 40)])
CODES[11] = CODES[12]  # two words that always collide

words = st.lists(st.integers(3, 42), max_size=12)
batches = st.lists(st.lists(st.integers(0, 42), min_size=1, max_size=12), min_size=1, max_size=4)
Run = Callable[[list[list[int]]], np.ndarray]


@pytest.fixture(scope="module")
def table() -> NgramTable:
    random = np.random.default_rng(0)
    texts = random.integers(3, 43, (80, 6)).tolist()
    rows = Rows(count(texts, CODES), random.integers(0, 3, (80, 1)), np.ones(80))
    return NgramTable.of(fit_expert(rows, [4]), [0.7], CODES, [4])


@pytest.fixture(scope="module")
def run(table: NgramTable) -> Run:
    """The rows padded to the longest, by a token that is no special one."""
    shape = ["rows", "tokens"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in (IDS, MASK)]
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["rows", 4])
    graph = helper.make_graph([], "words", inputs, [output])
    graph.node.append(helper.make_node("Identity", [attach_ngrams(graph, table)], [OUTPUT]))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def answer(texts: list[list[int]]) -> np.ndarray:
        longest = max(map(len, texts))
        ids = np.array([text + [5] * (longest - len(text)) for text in texts], dtype=np.int64)
        mask = np.array([[1] * len(text) + [0] * (longest - len(text)) for text in texts], dtype=np.int64)
        found: np.ndarray = session.run([OUTPUT], {IDS: ids, MASK: mask})[0]
        return found

    return answer


@given(texts=batches)
def test_each_row_says_what_its_own_n_grams_say(run: Run, table: NgramTable, texts: list[list[int]]) -> None:
    for found, text in zip(run(texts), texts, strict=True):
        np.testing.assert_allclose(found, table.logits(text), atol=1e-4)


@given(text=words, before=st.sampled_from(SPECIAL), after=st.lists(st.sampled_from(SPECIAL), max_size=3))
def test_special_tokens_never_count(run: Run, text: list[int], before: int, after: list[int]) -> None:
    bare, framed = run([text or [0]]), run([[before, *text, *after]])
    np.testing.assert_allclose(framed, bare, atol=1e-5)


def test_nothing_to_read_says_nothing(run: Run) -> None:
    assert run([[1], [1, 2], [0, 0, 0]][1:2]).tolist() == [[0] * 4]
    assert run([[1]]).tolist() == [[0] * 4]


def test_words_that_collide_are_one_word(run: Run) -> None:
    np.testing.assert_array_equal(run([[7, 11, 9]]), run([[7, 12, 9]]))


def test_a_label_never_seen_gets_nothing(run: Run) -> None:
    assert run([[7, 11, 9, 30]])[0, 3] == 0
