"""Audits and escalations that came to nothing, counted since the last answer; and the marks that such a time leaves."""

from dataclasses import replace

import pytest

from shadowbert.domain.evidence import Unanswered
from shadowbert.domain.exchange import CallNote, Outcome
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.unaudited import Unaudited
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, Lineage
from tests.store.rows import AT, a_house, a_transition, a_verdict, loaded

VERSION = "v-1"
AUDIT = Route(Source.LLM, Reason.AUDIT, Decider.COIN, 0.05)
ESCALATION = Route(Source.LLM, Reason.UNSURE, Decider.STUDENT, 0.05)
OUTSIDE = Route(Source.LLM, Reason.OUTSIDE_SHARE, Decider.SHARE, 0.95)
SERVED = Route(Source.STUDENT, Reason.SURE, Decider.STUDENT, 0.05)
STRANGER = Route(Source.LLM, Reason.UNAUTHENTICATED, Decider.RULE)
FORCED = Route(Source.LLM, Reason.CLIENT, Decider.CLIENT)


def put(
    store: Store, route: Route, status: int | None = 200, *, at: float = AT, version: str = VERSION, **changes: object
) -> None:
    ended = Outcome.COMPLETE if status is not None and status < 400 else Outcome.UPSTREAM_ERROR
    note = CallNote(version, "a text", "i1:a", eligible=route.decider is not Decider.RULE)
    given: dict[str, object] = {"route": route, "status": status, "received_at": at, "call": note, "outcome": ended}
    loaded(store, 1, **given | changes)


def left_alone(store: Store, line: Lineage) -> None:
    """A live student of the lineage whose model is gone: three audits failed, three calls were served."""
    line.calls(50)
    line.move(Stage.LIVE, share=1.0, candidate=line.candidate(line.student()))
    for _ in range(3):
        put(store, AUDIT, 404, version=line.version_id)
        put(store, SERVED, version=line.version_id)
    assert Unaudited(store, Policy(), lambda: NOW).step() == 1


def unanswered(store: Store, after: int = 0) -> Unanswered:
    with store.read() as work:
        return work.exchanges.unanswered(VERSION, after)


def test_failed_audits_and_escalations_are_counted_since_the_last_answer(store: Store) -> None:
    put(store, AUDIT, 404)
    put(store, AUDIT, 200)
    assert unanswered(store) == Unanswered(answered_seq=2)
    put(store, AUDIT, 404, at=AT + 9)
    put(store, SERVED)
    put(store, ESCALATION, 410, at=AT + 5)
    put(store, OUTSIDE, 503, at=AT + 20)
    put(store, AUDIT, None, at=AT + 12)
    assert unanswered(store) == Unanswered(4, 3, AT + 5, AT + 20, (None, 503, 410, 404), 2)


@pytest.mark.parametrize("route", [STRANGER, FORCED, SERVED])
def test_calls_that_might_not_have_been_served_are_no_failures(store: Store, route: Route) -> None:
    put(store, route, 404)
    assert unanswered(store) == Unanswered()


@pytest.mark.parametrize("route", [STRANGER, FORCED, OUTSIDE])
def test_whoever_is_answered_shows_that_the_teacher_is_there(store: Store, route: Route) -> None:
    put(store, AUDIT, 404)
    put(store, route, 200)
    assert unanswered(store) == Unanswered(answered_seq=2)


@pytest.mark.parametrize("outcome", [Outcome.TRUNCATED, Outcome.CLIENT_GONE])
def test_a_reply_that_broke_off_is_no_answer(store: Store, outcome: Outcome) -> None:
    put(store, AUDIT, 200, outcome=outcome)
    assert unanswered(store) == Unanswered(1, 1, AT, AT, (200,), 0)


def test_other_versions_and_earlier_stages_have_no_part_in_it(store: Store) -> None:
    put(store, AUDIT, 404)
    put(store, AUDIT, 200, version="v-2")
    put(store, AUDIT, 500)
    assert unanswered(store) == Unanswered(2, 1, AT, AT, (500, 404), 0)
    assert unanswered(store, after=1) == Unanswered(1, 3, AT, AT, (500,), 0)
    assert unanswered(store, after=3) == Unanswered()


def test_only_the_latest_statuses_are_told(store: Store) -> None:
    for status in [404] * 30:
        put(store, AUDIT, status)
    found = unanswered(store)
    assert (found.calls, found.statuses) == (30, (404,) * 20)


def test_local_answers_are_counted_after_a_load_sequence(store: Store) -> None:
    for route in (SERVED, AUDIT, SERVED, SERVED):
        put(store, route)
    put(store, SERVED, version="v-2")
    with store.read() as work:
        assert [work.exchanges.local_answers(VERSION, after) for after in (0, 1, 4)] == [3, 2, 0]


def test_the_marks_are_moved_like_any_other_and_their_beginning_is_known(store: Store) -> None:
    house = a_house(store)
    live = a_transition(Stage.LIVE, candidate_id=house.candidate.id)
    with store.write() as work:
        version = work.tasks.move(house.version, a_verdict(), live)
        assert (version.unaudited, version.frozen) == (None, False)
        assert work.tasks.unaudited(version) == []
        version = work.tasks.move(version, a_verdict(), replace(live, unaudited=7, at=AT + 1))
        version = work.tasks.move(
            version, a_verdict(), replace(live, unaudited=7, frozen=True, by="ann", why="until Monday", at=AT + 2)
        )
        version = work.tasks.move(version, a_verdict(), version.stay(by="bob", why="another thing", at=AT + 3))
        assert (version.unaudited, version.frozen, version.stage_seq) == (7, True, house.version.stage_seq)
        told = work.tasks.unaudited(version)
        version = work.tasks.move(version, a_verdict(), live)
    assert [(row.at, row.by, row.frozen) for row in told] == [
        (AT + 1, "gate", False), (AT + 2, "ann", True), (AT + 3, "bob", True)
    ]  # fmt: skip
    assert (version.unaudited, version.frozen) == (None, False)
