"""The station that notices that nobody checks a serving student, on a real store."""

from dataclasses import replace

import pytest

from shadowbert.domain.alert import HOUR_S
from shadowbert.domain.records import VerdictRow, VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.evidence import stand
from shadowbert.flow.govern import Govern
from shadowbert.flow.history import replay
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.promote import Promote
from shadowbert.flow.unaudited import LOOK_EVERY_S, Unaudited
from shadowbert.flow.unchecked import unchecked_of
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, found
from tests.store.test_unanswered import AUDIT, ESCALATION, OUTSIDE, SERVED, STRANGER, put

ANN = Operator("ann", "a hunch")


class Street:
    """A task that serves, and a clock."""

    def __init__(self, store: Store, policy: Policy | None = None) -> None:
        self.line, self.policy, self.at = found(store), policy or Policy(), NOW
        self.founded = self.line.now
        self.candidate = self.line.candidate(self.line.student())
        self.line.evidence(self.candidate, agree=200)
        self.line.move(Stage.LIVE, share=1.0, candidate=self.candidate)
        self.station = Unaudited(store, self.policy, lambda: self.at)

    def fail(self, number: int, status: int | None = 404, *, every_s: float = 1.0) -> None:
        """Audits and escalations in turn; between two of them the student answers."""
        for n in range(number):
            self.at += every_s
            put(self.line.store, (AUDIT, ESCALATION)[n % 2], status, at=self.at, version=self.line.version_id)
            put(self.line.store, SERVED, at=self.at, version=self.line.version_id)

    def answer(self) -> None:
        put(self.line.store, AUDIT, at=self.at, version=self.line.version_id)

    def look(self, *, after_s: float = LOOK_EVERY_S) -> VersionRow:
        self.at += after_s
        self.station.step()
        return self.line.now

    @property
    def verdicts(self) -> list[VerdictRow]:
        with self.line.store.read() as work:
            return work.tasks.verdicts([self.line.version_id])


@pytest.fixture
def street(sqlite_store: Store) -> Street:
    return Street(sqlite_store)


def test_a_model_that_is_gone_is_noticed_once_and_serves_on(street: Street) -> None:
    street.fail(2)
    assert street.look().unaudited is None
    first = street.line.store
    with first.read() as work:
        seq = work.exchanges.unanswered(street.line.version_id, 0).first_seq
    street.fail(1)
    now = street.look()
    assert (now.stage, now.unaudited, now.frozen, now.candidate_id) == (Stage.LIVE, seq, False, street.candidate.id)
    told = street.verdicts[-1]
    assert told.by == "gate"
    assert told.verdict.reason == (
        "Nobody checks its answers: the LLM is gone: upstream knows its model no more (3 audits and escalations "
        "failed, the latest with status 404). It serves on for 24 hours, unless an operator chooses."
    )
    street.fail(50)
    assert street.look() == now, "what is known is not said again"


def test_an_upstream_that_is_down_is_told_after_five_minutes(street: Street) -> None:
    street.fail(30, 503, every_s=10.0)
    assert street.look().unaudited is None
    street.fail(1, None, every_s=10.0)
    assert street.look().unaudited is not None
    assert "the LLM does not answer (31 audits and escalations failed" in street.verdicts[-1].verdict.reason


def test_transient_errors_and_strangers_trip_nothing(street: Street) -> None:
    for _ in range(20):
        street.fail(2, every_s=400.0)
        street.answer()
    for _ in range(20):
        put(street.line.store, STRANGER, 404, version=street.line.version_id)
    assert street.look().unaudited is None


def test_one_answered_call_ends_it_and_says_so(street: Street) -> None:
    street.fail(6)
    assert street.look().unaudited is not None
    put(street.line.store, STRANGER, 200, version=street.line.version_id)
    street.fail(2)
    now = street.look()
    assert (now.stage, now.unaudited) == (Stage.LIVE, None)
    assert street.verdicts[-1].verdict.reason == (
        "The LLM answers again: the answers are checked as before (8 calls were answered locally since then)."
    )


def test_at_the_deadline_it_goes_back_and_must_earn_it_anew(street: Street) -> None:
    street.fail(3)
    assert street.look().stage is Stage.LIVE
    street.fail(3)
    assert street.look(after_s=24 * HOUR_S - 10).stage is Stage.LIVE
    now = street.look(after_s=10)
    assert (now.stage, now.share, now.candidate_id, now.unaudited, now.held) == (Stage.SHADOW, 0.0, None, None, False)
    told = street.verdicts[-1]
    assert told.verdict.reason == (
        "Nobody has checked its answers for as long as the policy lets pass: the LLM is gone: upstream knows its "
        "model no more (6 audits and escalations failed, the latest with status 404); 6 calls were answered locally "
        "since then."
    )
    with street.line.store.read() as work:
        (anew,) = work.candidates.active(street.line.version_id)
        assert stand(work, now, anew, street.policy).counts.rows == 0
        assert work.jobs.latest(street.line.version_id) is None, "agreement fell below nothing"
    assert Promote(street.line.store, street.policy, lambda: street.at).step() == 0, "no way back without evidence"
    assert street.look().stage is Stage.SHADOW


def test_a_narrower_slice_is_as_unchecked_as_before(street: Street) -> None:
    """Labels may leave at any time: that must not set the clock back, nor free what is frozen."""
    street.fail(3)
    street.look()
    version = street.line.now
    with street.line.store.write() as work:
        to = replace(version.stay(by="ann", why="", at=street.at), frozen=True)
        frozen = work.tasks.move(version, street.verdicts[-1].verdict, to)
    label = frozen.contract.fields[0].label(0)
    govern = Govern(street.line.store, street.policy, lambda: street.at)
    narrowed = govern.change("bank", ANN, {"always_llm": [label]})
    assert narrowed.candidate_id != frozen.candidate_id
    assert (narrowed.unaudited, narrowed.frozen) == (frozen.unaudited, True)
    with street.line.store.read() as work:
        known = unchecked_of(work, narrowed, street.policy)
    assert known is not None
    assert (known.tried.calls, known.local, known.known_at) == (3, 3, NOW + 8)
    assert street.look(after_s=25 * HOUR_S).stage is Stage.LIVE


def test_with_no_time_allowed_it_goes_back_at_once(sqlite_store: Store) -> None:
    street = Street(sqlite_store, Policy(unaudited_hours=0))
    street.fail(3)
    assert street.look().stage is Stage.SHADOW
    assert len(street.verdicts) == 2


def test_a_tasks_own_hours_count_from_the_moment_it_was_known(street: Street) -> None:
    street.fail(3)
    street.look()
    Govern(street.line.store, street.policy, lambda: street.at).change("bank", ANN, {"unaudited_hours": 1})
    kept = street.look(after_s=HOUR_S - 10)
    assert (kept.stage, kept.unaudited) == (Stage.LIVE, kept.unaudited)
    assert kept.unaudited is not None, "a change of policy is no answer of the LLM"
    assert street.look(after_s=10).stage is Stage.SHADOW


def test_what_is_frozen_stays_until_the_llm_answers(street: Street) -> None:
    street.fail(3)
    version = street.look()
    with street.line.store.write() as work:
        to = version.stay(by="ann", why="no hurry", at=street.at)
        frozen = work.tasks.move(version, street.verdicts[-1].verdict, replace(to, frozen=True))
        (published,) = work.mirror.table(audit_rate=0.05).versions
        assert published.audit_rate == 0.01, "each audit fails its caller, and only asks whether the LLM is back"
    assert street.look(after_s=1000 * HOUR_S) == frozen
    with street.line.store.read() as work:
        known = unchecked_of(work, frozen, street.policy)
    assert known is not None
    assert known.frozen is not None
    assert (known.deadline, known.frozen.by, known.frozen.why) == (None, "ann", "no hurry")
    street.answer()
    now = street.look()
    assert (now.stage, now.unaudited, now.frozen) == (Stage.LIVE, None, False)
    assert street.verdicts[-1].verdict.reason.endswith("What an operator froze is free again.")
    with street.line.store.read() as work:
        assert work.mirror.table(audit_rate=0.05).versions[0].audit_rate == 0.05


def test_while_nobody_checks_the_gate_takes_no_step_up(street: Street) -> None:
    """Fifty checked calls since the step would be enough."""
    street.line.move(Stage.CANARY, share=0.05, candidate=street.candidate)
    street.line.evidence(street.candidate, agree=60)
    for _ in range(3):
        put(street.line.store, OUTSIDE, 404, version=street.line.version_id)
    assert street.look().unaudited is not None
    promote = Promote(street.line.store, street.policy, lambda: street.at)
    assert promote.step() == 0
    street.answer()
    assert street.look().unaudited is None
    assert promote.step() == 1
    assert street.line.now.share == 0.25


def test_an_alarm_from_before_still_ends_what_is_unaudited(street: Street) -> None:
    street.fail(3)
    street.look()
    street.line.evidence(street.candidate, disagree=40)
    assert Promote(street.line.store, street.policy, lambda: street.at).step() == 1
    assert (street.line.now.stage, street.line.now.unaudited) == (Stage.SHADOW, None)


def test_a_rollback_ends_it_and_holds(street: Street) -> None:
    street.fail(3)
    street.look()
    Operate(street.line.store, street.policy, lambda: street.at).rollback("bank", ANN)
    now = street.look()
    assert (now.stage, now.held, now.unaudited) == (Stage.SHADOW, True, None)


def test_a_cutover_in_the_middle_of_it_starts_the_time_anew(street: Street) -> None:
    street.fail(3)
    street.look()
    operate = Operate(street.line.store, street.policy, lambda: street.at)
    operate.rollback("bank", ANN)
    operate.cutover("bank", ANN, force=True)
    assert street.look(after_s=25 * HOUR_S).stage is Stage.LIVE
    street.fail(3)
    assert street.look().unaudited is not None
    assert street.look(after_s=25 * HOUR_S).stage is Stage.SHADOW


def test_the_verdicts_alone_rebuild_every_state_of_it(street: Street) -> None:
    street.fail(3)
    street.look()
    street.answer()
    street.look()
    street.fail(3)
    for after_s in (5.0, 25 * HOUR_S):
        now = street.look(after_s=after_s)
        with street.line.store.read() as work:
            assert replay(street.founded, work.tasks.verdicts([now.id])) == now
    assert now.stage is Stage.SHADOW


def test_it_looks_seldom(street: Street) -> None:
    street.look()
    street.fail(3, every_s=0.1)
    assert street.station.step() == 0
    assert street.look().unaudited is not None
