"""What operators may do with a student that nobody checks, on a real store."""

from dataclasses import replace

import pytest

from shadowbert.domain.alert import HOUR_S
from shadowbert.domain.evidence import Move
from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.manner import Manner
from shadowbert.domain.records import Inherited
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import OperatorError, UnknownTask
from shadowbert.flow.cadence import next_student
from shadowbert.flow.history import replay
from shadowbert.flow.operate import Operator
from shadowbert.flow.taught import teachable
from shadowbert.flow.teacherless import Teacherless
from shadowbert.recognition.recogniser import Recogniser
from shadowbert.store.store import Store
from shadowbert.testing.calls import asked
from shadowbert.testing.lineage import NOW, found
from shadowbert.wire.endpoints import read_request
from tests.flow.test_unaudited import Street

ANN = Operator("ann", "the provider is on it")
NEW = "gpt-5"


@pytest.fixture
def street(sqlite_store: Store) -> Street:
    """Nobody checks it."""
    street = Street(sqlite_store)
    street.fail(3)
    assert street.look().unaudited is not None
    return street


@pytest.fixture
def operate(street: Street) -> Teacherless:
    return Teacherless(street.line.store, street.policy, lambda: street.at)


def test_who_is_unchecked_is_told_by_name(operate: Teacherless, street: Street) -> None:
    ((version, known),) = operate.standing("bank")
    assert (version.id, known.tried.calls, known.local) == (street.line.version_id, 3, 3)
    street.answer()
    street.look()
    assert operate.standing("bank") == []
    with pytest.raises(UnknownTask):
        operate.standing("bnak")


def test_frozen_it_serves_on_past_the_deadline_and_says_who_wants_that(operate: Teacherless, street: Street) -> None:
    before = street.line.now
    frozen = operate.freeze("bank", ANN)
    assert frozen == replace(before, frozen=True, epoch=before.epoch + 1)
    told = street.verdicts[-1]
    assert (told.by, told.why, told.frozen) == ("ann", "the provider is on it", True)
    assert told.verdict.reason.startswith("Frozen by ann: the provider is on it. It serves on though nobody checks it")
    assert street.look(after_s=240 * HOUR_S).stage is Stage.LIVE
    with pytest.raises(OperatorError, match="frozen already"):
        operate.freeze("bank", ANN)
    assert replay(street.founded, street.verdicts) == street.line.now


def test_stopped_it_is_back_on_the_llm_and_holds(operate: Teacherless, street: Street) -> None:
    operate.freeze("bank", ANN)
    stopped = operate.stop("bank", ANN)
    assert (stopped.stage, stopped.held, stopped.unaudited, stopped.frozen) == (Stage.SHADOW, True, None, False)


def test_stopping_leaves_what_is_checked(operate: Teacherless, street: Street) -> None:
    other = found(street.line.store, task_id=street.founded.task_id, teacher=NEW, created_at=NOW + 1)
    other.move(Stage.LIVE, share=1.0, candidate=other.candidate(other.student()))
    operate.stop("bank", ANN)
    assert (street.line.now.stage, other.now.stage) == (Stage.SHADOW, Stage.LIVE)


def test_where_somebody_checks_there_is_nothing_to_freeze_or_stop(operate: Teacherless, street: Street) -> None:
    street.answer()
    street.look()
    with pytest.raises(OperatorError, match="the answers of task bank are checked: there is nothing to freeze"):
        operate.freeze("bank", ANN)
    with pytest.raises(OperatorError, match="are checked; to stop it: shadowbert rollback bank"):
        operate.stop("bank", ANN)


def test_a_new_teachers_version_is_there_before_its_calls_and_has_the_examples(
    operate: Teacherless, street: Street
) -> None:
    with street.line.store.write() as work:
        work.tasks.set_manners(street.line.version_id, "gpt-4o-2024", {"chat": Manner("stop", spaced=True)})
        examples = work.calls.examples(street.line.version_id)
    done = operate.succeed("bank", ANN, NEW)
    new, old = done.version, street.line.now
    assert (done.founded, done.source.id, done.examples) == (True, old.id, examples)
    assert (new.teacher, new.stage, new.task_id) == (NEW, Stage.COLLECTING, old.task_id)
    assert (new.contract, new.skeleton, new.wording) == (old.contract, old.skeleton, old.wording)
    assert (new.reply_model, new.manners, new.candidate_id) == (None, {}, None), "that is the old model's hand"
    assert [kept.version_id for kept in new.inherits] == [old.id]
    assert (old.stage, old.candidate_id) == (Stage.LIVE, street.candidate.id), "whoever names the old one, gets it"
    recogniser = Recogniser()
    with street.line.store.read() as work:
        recogniser.publish(work.mirror.table(audit_rate=0.05))
        due = next_student(work, new, street.policy)
        assert teachable(work, new, 1.0) >= (due.examples or 0), "its first student need not wait for a call"
        (first, *_) = work.tasks.verdicts([new.id])
    assert (first.by, first.verdict.move) == ("ann", Move.STEP)
    assert first.verdict.reason == f"Founded for calls that name {NEW} by ann: the provider is on it."
    assert street.verdicts[-1].verdict.reason.startswith(
        f"Version {new.id} made ready for calls that name {NEW} by ann"
    )
    request = read_request(Endpoint.CHAT, asked("my card is gone", model=NEW))
    assert request is not None
    call = recogniser.recognise(request, tenant="default")
    assert call is not None
    assert call.version is not None
    assert call.version.id == new.id


def test_a_version_that_calls_have_founded_already_inherits(operate: Teacherless, street: Street) -> None:
    there = found(street.line.store, task_id=street.founded.task_id, teacher=NEW, created_at=NOW + 1)
    there.calls(24)
    done = operate.succeed("bank", ANN, f" {NEW} ")
    assert (done.founded, done.version.id) == (False, there.version_id)
    assert [kept.version_id for kept in there.now.inherits] == [street.line.version_id]
    again = operate.succeed("bank", ANN, NEW)
    assert (again.version, again.examples) == (there.now, done.examples)


def test_it_may_be_made_ready_before_the_old_one_is_gone(operate: Teacherless, street: Street) -> None:
    street.answer()
    street.look()
    assert operate.succeed("bank", ANN, NEW).founded


def test_what_can_be_no_new_teacher_is_refused(operate: Teacherless, street: Street) -> None:
    with pytest.raises(OperatorError, match="is the teacher of task bank already"):
        operate.succeed("bank", ANN, street.founded.teacher)
    with pytest.raises(OperatorError, match="name the model"):
        operate.succeed("bank", ANN, "  ")
    found(street.line.store, task="empty")
    with pytest.raises(OperatorError, match="task empty has no examples"):
        operate.succeed("empty", ANN, NEW)


@pytest.mark.parametrize(
    ("old", "said", "teacher"),
    [
        ("gpt-4o", "gpt-5", "gpt-5"),
        ("@azure/gpt-4o", "gpt-5", "@azure/gpt-5"),
        ("@azure/gpt-4o", "@groq/meta/llama", "@groq/meta/llama"),
        ("openai/gpt-4o", "openai/gpt-5", "openai/gpt-5"),
    ],
)
def test_a_model_is_named_as_clients_name_it(sqlite_store: Store, old: str, said: str, teacher: str) -> None:
    line = found(sqlite_store, teacher=old)
    line.calls(3)
    done = Teacherless(sqlite_store, Policy(), lambda: NOW).succeed("bank", ANN, said)
    assert done.version.teacher == teacher


def test_an_heir_takes_what_the_old_one_had_inherited(operate: Teacherless, street: Street) -> None:
    first = found(street.line.store, task_id=street.founded.task_id, teacher="gpt-3.5", created_at=NOW - 1)
    first.calls(10)
    with street.line.store.write() as work:
        work.tasks.set_inherits(street.line.version_id, [Inherited(first.version_id, work.exchanges.last_seq())])
    done = operate.succeed("bank", ANN, NEW)
    assert [kept.version_id for kept in done.version.inherits] == [street.line.version_id, first.version_id]
