"""One line a task, whatever its versions."""

from dataclasses import replace

import pytest

from shadowbert.domain.contract import Contract, Field, Unlearnable
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.found import FULL
from shadowbert.flow.lineages import TaskLine
from shadowbert.flow.report import Report
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, SERVED, found


def lines(store: Store) -> list[TaskLine]:
    return Report(store, Policy(), lambda: NOW).lineages()


def test_the_version_that_serves_speaks_for_the_task_else_the_newest(store: Store) -> None:
    assert lines(store) == []
    first = found(store, confirmed=False)
    other = found(store, task="mail", created_at=NOW + 1)
    second = found(store, task_id=first.now.task_id, teacher="gpt-5", created_at=NOW + 2)
    first.calls(3, route=SERVED)
    second.calls(4)
    other.move(Stage.PAUSED)
    bank, mail = lines(store)
    assert (bank.task, bank.versions, bank.confirmed, bank.stage) == ("bank", 2, True, Stage.COLLECTING)
    assert (bank.by_student, bank.by_llm, bank.calls) == (3, 4, 7)
    assert bank.teachers == ("gpt-5", first.now.teacher)
    assert (mail.task, mail.stage, mail.calls) == ("mail", Stage.PAUSED, 0)
    first.move(Stage.CANARY, share=0.25, candidate=first.candidate(first.student()))
    assert (lines(store)[0].stage, lines(store)[0].share, lines(store)[0].confirmed) == (Stage.CANARY, 0.25, False)


def test_calls_are_those_that_a_task_has_now_whoever_was_asked_them(store: Store) -> None:
    """So that they and the calls of no task are all that were observed."""
    bank, mail = found(store), found(store, task="mail", created_at=NOW + 1)
    rows = bank.calls(3)
    with store.write() as work:
        work.calls.hand_over([replace(row, version_id=mail.version_id) for row in rows[:2]], of=bank.version_id)
    assert [(line.calls, line.by_llm) for line in lines(store)] == [(1, 3), (2, 0)]


def test_parts_of_the_answer_are_counted_where_they_are_said(sqlite_store: Store) -> None:
    yes_no = (False, True)
    fields = (
        Field(("intent",), ("a", "b", "c")),
        Field(("result", "[bug|crash]", "part"), ("x", "y")),
        *(Field(("tags", f"[{label}]"), yes_no) for label in "pqrs"),
    )
    free = (Unlearnable(("reason",), True, ("string",)),)
    found(sqlite_store, contract=Contract(fields, "h", free))
    (line,) = lines(sqlite_store)
    assert line.fields == {"intent": 3, "result.part": 2, "tags": 4}
    assert line.parts == 4


def test_a_bare_answer_is_one_part(sqlite_store: Store) -> None:
    found(sqlite_store, contract=Contract((Field((), ("ham", "spam")),), "h"))
    (line,) = lines(sqlite_store)
    assert line.fields == {"answer": 2}


@pytest.mark.parametrize(("limit", "noted", "told"), [(2, True, True), (3, True, False), (2, False, False)])
def test_a_full_house_is_told_while_it_is_full(limit: int, noted: bool, told: bool, store: Store) -> None:
    first = found(store)
    found(store, task_id=first.now.task_id)
    found(store, task="mail")
    found(store, task="mail", tenant="other")
    if noted:
        with store.write() as work:
            work.marks.set(FULL, note="tenant default has 2 tasks")
    notices = Report(store, replace(Policy(), max_tasks=limit), lambda: NOW).notices()
    assert notices == (["tenant default has 2 tasks (policy.max_tasks is 2)"] if told else [])
