"""Corrections by people: what they may say, that they are taught, and that they are no evidence."""

import json
from pathlib import Path

import pytest

from shadowbert.curation.examples import CORRECTED
from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.records import Correction
from shadowbert.domain.task import Policy
from shadowbert.errors import OperatorError, UnknownTask
from shadowbert.flow.correct import ALONE, Correct
from shadowbert.flow.material import material
from shadowbert.flow.operate import Operator
from shadowbert.flow.recipes import Recipes
from shadowbert.flow.regression import ASKED, MOST, RIGHT, regression
from shadowbert.flow.shadow import Shadow
from shadowbert.flow.taught import taught
from shadowbert.flow.train import Train, TrainingResult
from shadowbert.gating.threshold import Scored
from shadowbert.store.store import Store
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, SERVED, Lineage, found
from tests.flow.stationed import ToldShelf, a_guess

WHO = Operator("maria", "she knows")
TWO = Contract((Field(("topic",), ("card", "loan")), Field(("urgent",), (False, True), required=False)), "c1:two")


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


def correct(line: Lineage, exchange_id: str, *, at: float = NOW, **said: str) -> tuple[int, ...]:
    given = {name if name != "alone" else ALONE: label for name, label in said.items()}
    return Correct(line.store, lambda: at).label("bank", WHO, exchange_id, given).row.answer


def test_it_says_who_why_and_when(line: Lineage) -> None:
    (call,) = line.labelled(("a", 1))
    assert correct(line, call.exchange_id, label="transfer") == (2,)
    with line.store.read() as work:
        (row,) = work.corrections.of_version(line.version_id)
    assert row == Correction(
        call.exchange_id, line.version_id, "a", call.input_hash, call.seq, (2,), "maria", "she knows", NOW
    )


def test_fields_that_are_not_named_stay_as_they_were_said_last(sqlite_store: Store) -> None:
    line = found(sqlite_store, contract=TWO)
    (call,) = line.calls(1, route=SERVED)
    with pytest.raises(OperatorError, match="say the label of topic"):
        correct(line, call.exchange_id, urgent="true")
    assert correct(line, call.exchange_id, topic="loan", urgent="(left out)") == (1, 2)
    assert correct(line, call.exchange_id, at=NOW + 1, urgent="true") == (1, 1)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({}, "say the label of topic, urgent"),
        ({"alone": "card"}, "which field is 'card'.*there are topic, urgent"),
        ({"mood": "good"}, "there is no field 'mood'"),
        ({"topic": "Card"}, "topic cannot be 'Card'; it is one of card, loan"),
        ({"urgent": "yes"}, r"it is one of false, true, \(left out\)"),
    ],
)
def test_what_cannot_be_said(said: dict[str, str], complaint: str, sqlite_store: Store) -> None:
    line = found(sqlite_store, contract=TWO)
    (call,) = line.calls(1, unfit="refusal")
    with pytest.raises(OperatorError, match=complaint):
        correct(line, call.exchange_id, **said)


def test_only_calls_of_the_task_can_be_corrected(line: Lineage) -> None:
    other = found(line.store, task="mail", wording="w1")
    (call,) = other.labelled(("a", 1))
    for exchange_id in (call.exchange_id, "", "\x00", "\ud800"):
        with pytest.raises(OperatorError, match="is no call of task bank"):
            correct(line, exchange_id, label="card")
    with pytest.raises(UnknownTask):
        Correct(line.store, lambda: NOW).label("nobody", WHO, call.exchange_id, {})


def test_it_is_taught_before_the_teachers_answer_and_weighs_more(line: Lineage) -> None:
    first, _, _ = line.labelled(("a", 1), ("a", 1), ("b", 0))
    (served,) = line.calls(1, route=SERVED)
    correct(line, first.exchange_id, label="transfer")
    correct(line, served.exchange_id, label="account")
    with line.store.read() as work:
        examples = taught(work, line.now)
    assert [(e.input, e.answer, e.weight) for e in examples] == [
        ("a", (2,), CORRECTED),
        ("b", (0,), 1.0),
        (served.input, (0,), CORRECTED),
    ]


@pytest.fixture
def trainer() -> ScriptedTrainer:
    return ScriptedTrainer()


def train(line: Lineage, trainer: ScriptedTrainer, home: Path, shelf: ToldShelf) -> None:
    station = Train(line.store, trainer, Policy(first_training=40), Recipes(), home, lambda: NOW, shelf)
    assert station.step()
    heldout = tuple(Scored(0.99, agreed=True, answer=(1,)) for _ in range(300))
    trainer.started[-1].outcome = TrainingResult(published=True, reason="", recipe="probe", heldout=heldout)
    assert station.step()


def test_a_student_is_asked_what_was_corrected(line: Lineage, trainer: ScriptedTrainer, tmp_path: Path) -> None:
    calls = line.labelled(*[(f"t{n}", n % 3) for n in range(40)])
    for call in calls[:4]:
        correct(line, call.exchange_id, label="transfer")
    train(line, trainer, tmp_path, ToldShelf(says={"t0": a_guess(2), "t1": a_guess(2), "t2": a_guess(0)}, long={"t3"}))
    with line.store.read() as work:
        (student,) = work.students.of_version(line.version_id)
        told = material(work, line.now).corrected
    assert (student.scores[ASKED], student.scores[RIGHT]) == (4.0, 2.0)
    assert told == "4 inputs were corrected by people; the latest student gets 2 of 4 corrected inputs right"


def test_the_job_has_the_corrected_answers(line: Lineage, trainer: ScriptedTrainer, tmp_path: Path) -> None:
    calls = line.labelled(*[(f"t{n}", n % 2) for n in range(40)])
    correct(line, calls[7].exchange_id, label="transfer")
    Train(line.store, trainer, Policy(first_training=40), Recipes(), tmp_path, lambda: NOW).step()
    rows = [json.loads(row) for row in (trainer.started[0].folder / "examples.jsonl").read_text("utf-8").splitlines()]
    assert [(row["input"], row["answer"]) for row in rows if row["weight"] == CORRECTED] == [("t7", [2])]


def test_without_corrections_nothing_is_asked(line: Lineage, trainer: ScriptedTrainer, tmp_path: Path) -> None:
    line.labelled(*[(f"t{n}", n % 2) for n in range(40)])
    shelf = ToldShelf()
    train(line, trainer, tmp_path, shelf)
    assert shelf.asked == []
    with line.store.read() as work:
        assert ASKED not in work.students.of_version(line.version_id)[0].scores
        assert material(work, line.now).corrected == ""


def test_only_so_many_are_asked_the_latest(line: Lineage) -> None:
    rows = [Correction(f"e{n}", "v", f"t{n}", f"i1:{n}", n, (1,), "maria", "", NOW + n) for n in range(MOST + 3)]
    shelf = ToldShelf()
    assert regression(shelf, line.student(), rows) == {ASKED: MOST, RIGHT: MOST}
    assert shelf.asked[0] == "t3"


def test_the_gate_goes_on_counting_what_the_teacher_says(
    line: Lineage, trainer: ScriptedTrainer, tmp_path: Path
) -> None:
    """A corrected input was trained on: it is no evidence for promotion. Of audits every call counts, as it was."""
    calls = line.labelled(*[(f"t{n}", n % 2) for n in range(40)])
    (served,) = line.calls(1, route=SERVED)
    correct(line, calls[0].exchange_id, label="transfer")
    correct(line, served.exchange_id, label="transfer")
    shelf = ToldShelf(says={"t0": a_guess(2), served.input: a_guess(2)})
    train(line, trainer, tmp_path, shelf)
    line.labelled(("t0", 0), (served.input, 1), ("new", 1))
    shadow = Shadow(line.store, shelf, lambda: NOW)
    while shadow.step():
        pass
    with line.store.read() as work:
        (candidate,) = work.candidates.active(line.version_id)
        audits, promotion = (
            work.predictions.audit_counts(candidate.id, 0),
            work.predictions.promotion_counts(candidate.id),
        )
    assert (audits.agree, audits.disagree) == (1, 2)
    assert (promotion.agree, promotion.disagree) == (1, 0)
