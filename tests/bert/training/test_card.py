"""The card of a published student tells what its rows tell."""

import json
from dataclasses import asdict
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from shadowbert.bert.training.card import agreed, bins
from shadowbert.bert.training.finetune import Settings
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.scores import ScoredRow
from shadowbert.bert.training.train import train
from shadowbert.domain.card import Card
from shadowbert.domain.student import Guess
from tests.bert.conftest import CONTRACT, MakeJob, make_examples


def card_of(artifact: Path) -> Card:
    return Card.from_json(json.loads((artifact / "card.json").read_text()))


def test_the_card_of_a_probe_counts_its_rows(published: Path) -> None:
    card = card_of(published)
    rows = [json.loads(line) for line in (published / "heldout.jsonl").read_text().splitlines()]
    assert (card.agreed.right, card.agreed.rows) == (sum(row["agreed"] for row in rows), 120)
    truth = {example["id"]: example["answer"] for example in make_examples(120)}
    for number, (field, own) in enumerate(zip(CONTRACT.fields, card.fields, strict=True)):
        assert (own.name, own.labels) == (field.name, tuple(field.label(i) for i in range(field.classes)))
        pairs = [(truth[row["id"]][number], row["answer"][number]) for row in rows]
        assert {(meant, said): rows for meant, said, rows in own.confusion} == {p: pairs.count(p) for p in pairs}
    assert sum(own.rows for own in card.bins) == 120
    assert sum(own.right for own in card.bins) == card.agreed.right


def test_the_card_says_how_the_student_was_made(published: Path) -> None:
    card, manifest = card_of(published), json.loads((published / "manifest.json").read_text())
    assert (card.recipe, card.variant, card.encoder) == tuple(manifest[k] for k in ("recipe", "variant", "encoder"))
    assert list(card.temperatures) == manifest["temperatures"]
    assert card.examples_sha256 == manifest["examples"]["sha256"]
    assert card.recipes == {"probe": manifest["scores"]["agreement"]}
    assert card.settings["seed"] == 1
    assert set(card.settings["regularisation"]) == {"topic", "urgent"}
    assert card.shares["words"]["topic"] == manifest["scores"]["share.words.topic"]
    assert {"shadowbert", "torch", "onnxruntime"} <= set(card.software)


def test_a_fine_tuned_student_tells_its_settings(make_job: MakeJob) -> None:
    folder = make_job(80, recipes=["probe", "finetune"], task="tickets", teacher="gpt-4o")
    train(read_job(folder))
    card = card_of(folder / "artifact")
    assert (card.task, card.teacher) == ("tickets", "gpt-4o")
    assert set(card.recipes) == {"probe", "finetune"}
    if card.recipe == "finetune":
        assert asdict(Settings.for_rows(48, seed=1)).items() <= card.settings.items()


def test_the_rows_are_ids_and_their_hash_is_the_manifest_s(published: Path) -> None:
    ids = (published / "rows.txt").read_text().split("\n")
    assert ids == sorted(f"e{number}" for number in range(120))
    manifest = json.loads((published / "manifest.json").read_text())
    assert manifest["files"]["rows.txt"] == manifest["examples"]["sha256"]


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_the_bounds_are_exact(right: list[bool]) -> None:
    """By their definition: at either bound the tail beyond what was seen has 2.5 %."""
    found, rows = agreed(right), len(right)
    assert found.low <= found.share <= found.high
    if found.right:
        assert abs(binom.sf(found.right - 1, rows, found.low) - 0.025) < 0.01
    if found.right < rows:
        assert abs(binom.cdf(found.right, rows, found.high) - 0.025) < 0.01


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80))
def test_each_row_lies_in_its_tenth(rows: list[tuple[float, bool]]) -> None:
    found = bins([ScoredRow("r", Guess((0,), (sure,), sure), right) for sure, right in rows])
    assert len(found) == 10
    assert sum(own.rows for own in found) == len(rows)
    assert sum(own.right for own in found) == sum(right for _, right in rows)
    for number, own in enumerate(found):
        assert not own.rows or number / 10 - 1e-4 <= own.confidence <= (number + 1) / 10 + 1e-4
