"""A prior that knows the order of grades, and no more than that."""

import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.decode import softmax
from shadowbert.bert.serving.runtime import Student
from shadowbert.bert.training.heads import UNSEEN
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.ordered import DECAY, DEGREES, Places, contrasts, fit_ordered, in_order, places
from shadowbert.bert.training.probe import Rows, deal, fit_head, fit_probe, log_loss
from shadowbert.bert.training.train import train
from shadowbert.domain.contract import Field, Label
from shadowbert.recognition.answer import text_of, write_answer
from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.validate import valid
from tests.bert.conftest import FILLER, MakeJob

DIMENSIONS = 12


def graded(count: int, grades: int, *, seed: int = 0) -> Rows:
    """Grades of a direction in the features, with noise; standing in the order of their places."""
    chance = np.random.default_rng(seed)
    features = chance.normal(size=(count, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    level = features[:, 0] * np.sqrt(DIMENSIONS) + 0.4 * chance.normal(size=count)
    labels = np.clip(np.floor((level + 2) / 4 * grades), 0, grades - 1).astype(np.int64)
    return Rows(features.astype(np.float32), labels[:, None], np.ones(count))


def loss_on(rows: Rows, known: Places | None, train: Rows) -> float:
    folds = deal(train.labels, seed=0)
    head = fit_probe(train, [10], folds, None if known is None else [known]).heads[0]
    return log_loss(head.logits(rows.features, 10), rows.labels[:, 0], rows.weights)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ((1, 10, 2, None), (0, 2, 1, None)),
        ((-5, 0, 100), (0, 1, 2)),
        (("1", "10", "2", "none"), (0, 2, 1, None)),
        (("-1", "0", "1"), (0, 1, 2)),
        (("01", "1", "2", "3"), (None, 0, 1, 2)),
        (("1.5", "²", "x"), (None, None, None)),
        ((False, True), (None, None)),
        ((1, 2, None), (None, None, None)),
    ],
)
def test_whole_numbers_are_in_order(labels: tuple[Label, ...], expected: Places) -> None:
    assert places(Field(("score",), labels)) == expected
    assert places(Field(("score",), labels, required=False, open=True)) == (*expected, None, None)


@given(grades=st.sets(st.integers(0, 19), min_size=3, max_size=20), others=st.integers(0, 2), seed=st.integers(0, 9))
def test_parts_are_apart_and_halve_by_degree(grades: set[int], others: int, seed: int) -> None:
    known = [*grades, *[None] * others]
    random.Random(seed).shuffle(known)
    found = contrasts(known)
    degrees = min(DEGREES, len(grades) - 1)
    assert found.shape == (len(known), degrees + others)
    sizes = np.concatenate([DECAY ** np.arange(degrees), np.ones(others)])
    assert np.allclose(found.T @ found, np.diag(sizes**2), atol=1e-9)
    graded_rows = np.array([place is not None for place in known])
    assert np.allclose(found[graded_rows].sum(axis=0), 0, atol=1e-9)


@given(grades=st.sets(st.integers(0, 19), min_size=3, max_size=20))
def test_the_first_part_is_linear_in_the_place_and_rises(grades: set[int]) -> None:
    known = sorted(grades)
    slopes = np.diff(contrasts(known)[:, 0]) / np.diff(known)
    assert np.allclose(slopes, slopes[0])
    assert slopes[0] > 0


@given(order=st.permutations(range(5)))
def test_labels_may_be_numbered_in_any_order(order: list[int]) -> None:
    rows, place = graded(80, 5), np.array(order)
    usual = fit_ordered(rows.features, rows.labels[:, 0], rows.weights, c=1.0, known=tuple(range(5)))
    known = tuple(int(at) for at in np.argsort(place))
    moved = fit_ordered(rows.features, place[rows.labels[:, 0]], rows.weights, c=1.0, known=known)
    assert np.allclose(moved.logits(rows.features, 5)[:, place], usual.logits(rows.features, 5), atol=0.01)


def test_strongly_regularised_adjacent_odds_have_one_slope() -> None:
    """Near rank one, as in the stereotype model of equal scores: each degree has four times the ridge of the last."""
    rows = graded(4000, 5)
    head = fit_ordered(rows.features, rows.labels[:, 0], rows.weights, c=0.001, known=tuple(range(5)))
    adjacent = np.diff(head.weight, axis=0)
    _, strengths, (direction, *_) = np.linalg.svd(adjacent)
    assert strengths[1] < 0.15 * strengths[0]
    assert abs(direction[0]) > 0.95


def test_with_many_rows_it_says_what_the_free_head_says() -> None:
    """The prior gives way to what is known, for grades and for outcomes without a place."""
    rows = graded(3000, 5)
    head = fit_ordered(rows.features, rows.labels[:, 0], rows.weights, c=1000.0, known=(0, 1, 2, None, None))
    ours = softmax(head.logits(rows.features, 5).astype(float))
    free = softmax(fit_head(rows, 0, 1000.0).logits(rows.features, 5).astype(float))
    assert np.abs(ours - free).mean() < 0.01


def test_constants_meet_the_weighted_shares() -> None:
    rows = graded(400, 5)
    weights = np.where(rows.labels[:, 0] == 1, 5.0, 1.0)
    head = fit_ordered(rows.features, rows.labels[:, 0], weights, c=1.0, known=tuple(range(5)))
    said = softmax(head.logits(rows.features, 5).astype(float))
    meant = np.eye(5)[rows.labels[:, 0]]
    assert np.allclose(np.average(said, axis=0, weights=weights), np.average(meant, axis=0, weights=weights), atol=0.01)


def test_order_helps_where_there_are_few_examples_for_ten_grades() -> None:
    train_rows, fresh = graded(150, 10), graded(2000, 10, seed=1)
    known = tuple(range(10))
    assert loss_on(fresh, known, train_rows) < loss_on(fresh, None, train_rows) - 0.05
    probe = fit_probe(train_rows, [10], deal(train_rows.labels, seed=0), [known])
    assert probe.forms == ("ordered",)


def test_numbers_that_are_no_grades_have_a_free_head() -> None:
    chance = np.random.default_rng(0)
    labels = chance.integers(0, 7, (300, 1))
    features = np.eye(DIMENSIONS)[chance.permutation(7)[labels[:, 0]]] + 0.4 * chance.normal(size=(300, DIMENSIONS))
    rows = Rows(features.astype(np.float32), labels, np.ones(300))
    folds = deal(labels, seed=0)
    chosen, free = fit_probe(rows, [7], folds, [tuple(range(7))]), fit_probe(rows, [7], folds)
    assert chosen.forms == free.forms == ("free",)
    assert (chosen.heads[0].weight == free.heads[0].weight).all()


def test_a_fold_without_enough_grades_is_fitted_freely() -> None:
    rows = graded(60, 2)
    rows.labels[7] = 4
    assert in_order(rows.labels[:, 0], tuple(range(5)))
    probe = fit_probe(rows, [5], deal(rows.labels, seed=0), [tuple(range(5))])
    assert probe.logits[0][7, 4] == np.float32(UNSEEN)
    assert np.isfinite(probe.heads[0].weight).all()


SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "stars": {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 10}, {"type": "null"}]},
        "tone": {"enum": ["calm", "loud", "so-so"]},
    },
    "required": ["stars", "tone"],
    "additionalProperties": False,
}
GOOD, BAD, NONE = ["thanks", "kindly", "please"], ["terrible", "angry", "now"], ["atm", "chip", "pin"]


def review(chance: random.Random) -> tuple[str, int | None]:
    """Nine words, good and bad; the stars count the good ones. One in eight says nothing of either."""
    if chance.random() < 0.125:
        return " ".join(chance.choices([*NONE, *FILLER], k=9)), None
    good = chance.randint(0, 9)
    words = chance.choices(GOOD, k=good) + chance.choices(BAD, k=9 - good)
    chance.shuffle(words)
    return " ".join(words), good + 1


def test_a_nullable_range_from_its_schema_to_served_probabilities(make_job: MakeJob) -> None:
    contract, chance = read_contract(SCHEMA), random.Random(2)
    assert contract is not None
    stars, tone = contract.fields
    said = [review(chance) for _ in range(160)]
    examples = [
        {
            "id": f"e{i}",
            "input": text,
            "answer": [stars.index(meant), tone.index(("calm", "loud", "so-so")[i % 3])],
            "split": ("train", "train", "train", "calibration", "heldout")[i % 5],
        }
        for i, (text, meant) in enumerate(said)
    ]
    folder = make_job(examples=examples, contract=contract.to_json())
    train(read_job(folder))
    artifact = folder / "artifact"
    settings = json.loads((artifact / "card.json").read_text())["settings"]
    assert settings["heads"] == {"stars": "ordered", "tone": "free"}
    student = Student(open_artifact(artifact))
    guessed = [student.guess(text) for text, _ in said]
    told = [stars.labels[guess.answer[0]] for guess in guessed]
    off = [abs(ours - meant) for ours, (_, meant) in zip(told, said, strict=True) if ours is not None and meant]
    assert np.mean(off) < 1.5
    assert sum((ours is None) == (meant is None) for ours, (_, meant) in zip(told, said, strict=True)) > 140
    pieces = write_answer(SCHEMA, contract, guessed[0].answer)
    assert pieces is not None
    assert valid(SCHEMA, text_of(pieces))
