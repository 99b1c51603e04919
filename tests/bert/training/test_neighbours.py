"""The nearest known inputs vote; far from all of them only the labels' shares are left. The graph says the same."""

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from shadowbert.bert.training.neighbours import NEAREST, SMOOTHING, out_of_fold, rounded, settle
from shadowbert.bert.training.neighbours_graph import attach_neighbours
from shadowbert.bert.training.probe import Rows, deal

Floats32 = npt.NDArray[np.float32]
WIDTH = 16


def units(rows: int, seed: int) -> Floats32:
    drawn = np.random.default_rng(seed).normal(size=(rows, WIDTH))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def known(rows: int = 60, *, fields: int = 1, seed: int = 0) -> Rows:
    return Rows(units(rows, seed), np.random.default_rng(seed).integers(0, 3, (rows, fields)), np.ones(rows))


def test_a_copy_of_a_known_input_gets_its_label() -> None:
    rows = known()
    (said,) = settle(rows, [3]).logits(rows.features, [3])
    assert (said.argmax(axis=1) == rows.labels[:, 0]).all()


def test_far_from_all_only_the_shares_in_the_log_are_left() -> None:
    lonely = np.zeros((10, WIDTH), np.float32)
    lonely[:, 0] = 1
    rows = Rows(lonely, np.array([[0]] * 7 + [[1]] * 3), np.ones(10))
    (said,) = settle(rows, [3]).logits(-lonely[:1], [3])
    assert np.exp(said[0]).tolist() == pytest.approx([(7 + 1 / 3) / 11, (3 + 1 / 3) / 11, 1 / 33], abs=1e-3)


def test_no_label_is_impossible() -> None:
    rows = Rows(units(30, 0), np.zeros((30, 1), np.int64), np.ones(30))
    (said,) = settle(rows, [4]).logits(units(5, 1), [4])
    assert np.isfinite(said).all()
    assert (np.exp(said).sum(axis=1) == pytest.approx(1)) is True


def test_fewer_known_inputs_than_neighbours_all_vote() -> None:
    rows = known(NEAREST - 15)
    (said,) = settle(rows, [3]).logits(units(2, 5), [3])
    assert said.shape == (2, 3)


def test_who_stands_at_the_border_changes_nothing() -> None:
    """As many copies of one text as may vote, and as many again with another label: whoever is taken."""
    same = np.repeat(units(1, 0), 2 * NEAREST, axis=0)
    labels = np.repeat([[0], [1]], NEAREST, axis=0)
    for order in (slice(None), slice(None, None, -1)):
        (said,) = settle(Rows(same, labels[order], np.ones(len(same))), [2]).logits(same[:1], [2])
        assert np.exp(said[0]).tolist() == pytest.approx([0.5, 0.5])


def test_weights_count_in_the_shares_and_not_in_the_votes() -> None:
    rows = known()
    heavy = Rows(rows.features, rows.labels, np.where(rows.labels[:, 0] == 2, 9.0, 1.0))
    light, loaded = settle(rows, [3]), settle(heavy, [3])
    assert (light.bank == loaded.bank).all()
    assert loaded.floor[2] > 2 * light.floor[2]
    assert loaded.floor.sum() == pytest.approx(SMOOTHING)


def test_out_of_fold_votes_owe_nothing_to_their_own_label() -> None:
    rows = known(200)
    (honest,) = out_of_fold(rows, deal(rows.labels, seed=0), [3])
    assert (honest.argmax(axis=1) == rows.labels[:, 0]).mean() < 0.55  # the labels are drawn at random


def test_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shadowbert.bert.training.neighbours.MOST", 25)
    rows = known()
    assert (settle(rows, [3]).bank == settle(rows.where(np.arange(60) >= 35), [3]).bank).all()


def test_many_rows_are_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    neighbourhood, texts = settle(known(), [3]), units(50, 3)
    (whole,) = neighbourhood.logits(texts, [3])
    monkeypatch.setattr("shadowbert.bert.training.neighbours._AT_ONCE", 7)
    np.testing.assert_allclose(neighbourhood.logits(texts, [3])[0], whole, atol=1e-5)


@given(seed=st.integers(0, 1000), scale=st.sampled_from([0.01, 1, 100]))
def test_rounding_moves_no_number_by_more_than_half_a_step(seed: int, scale: float) -> None:
    features = units(4, seed) * np.float32(scale)
    steps = (np.maximum(features.max(axis=1), 0) - np.minimum(features.min(axis=1), 0)) / 255
    assert (np.abs(rounded(features) - features).max(axis=1) <= 1.01 * steps).all()


def test_nothing_rounds_to_nothing() -> None:
    assert rounded(np.zeros((1, 4), np.float32)).tolist() == [[0] * 4]


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), rows=st.integers(1, 80), shares=st.tuples(st.floats(0, 2), st.floats(0, 2)))
def test_the_graph_says_what_the_neighbourhood_says(seed: int, rows: int, shares: tuple[float, float]) -> None:
    sizes = (3, 4)
    neighbourhood = settle(known(rows, fields=2, seed=seed), sizes)
    inputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["rows", WIDTH])]
    output = helper.make_tensor_value_info("said", TensorProto.FLOAT, ["rows", sum(sizes)])
    graph = helper.make_graph([], "neighbours", inputs, [output])
    per_output = [share for share, size in zip(shares, sizes, strict=True) for _ in range(size)]
    name = attach_neighbours(graph, "embedding", neighbourhood, per_output)
    graph.node.append(helper.make_node("Identity", [name], ["said"]))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for text in units(5, seed + 1):
        expected = np.concatenate(neighbourhood.logits(text[None], sizes), axis=1) * np.array(per_output)
        np.testing.assert_allclose(session.run(None, {"embedding": text[None]})[0], expected, atol=1e-3)
