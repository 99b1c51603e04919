"""Founding on a real store: what is worth a task, how many there may be, and what waits for one."""

import logging
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from shadowbert.domain.exchange import Exchange
from shadowbert.flow.collect import Collect
from shadowbert.flow.found import FULL, Finder, Wait
from shadowbert.flow.strays import GROUPS, KEPT, Unfounded
from shadowbert.store.reports import Group
from shadowbert.store.store import Store
from shadowbert.store.tables import stray_groups
from shadowbert.testing.calls import a_call, answered, asked, texts
from tests.flow.test_collect import AT, calls, put, versions
from tests.mixes.noise import NOISE

FREE = {"response_format": None}


@pytest.fixture
def collect(sqlite_store: Store) -> Collect:
    return Collect(sqlite_store, lambda: AT)


def strays(collect: Collect) -> dict[str, int]:
    with collect.ledger.read() as work:
        return work.calls.stray_groups(at_least=1)


def noise(kind: str, count: int) -> list[Exchange]:
    draw = Random(7)
    return [NOISE[kind](draw, number) for number in range(count)]


def said(text: str, answer: str, system: str = "Label it, please.") -> Exchange:
    return a_call(text, request_body=asked(text, system=system, **FREE), response_body=answered("", text=answer))


@pytest.mark.parametrize("kind", ["unique", "unique_with_schema", "chat", "summary", "retries"])
def test_what_is_no_task_founds_none_and_does_not_pile_up(collect: Collect, kind: str) -> None:
    put(collect, noise(kind, 700))
    assert versions(collect) == []
    assert len(strays(collect)) < 20
    assert sum(strays(collect).values()) <= 700


def test_long_answers_are_no_strays(collect: Collect) -> None:
    put(collect, [said(text, f"{text}: here is what I think of it. " * 3) for text in texts(30)])
    assert strays(collect) == {}


def test_a_chat_that_says_yes_now_and_then_is_no_task(collect: Collect) -> None:
    """Its long answers are no strays, but they are in the log."""
    put(
        collect,
        [said(t, ("Yes.", "No.")[n % 2] if n % 4 else "I would say that " * 9) for n, t in enumerate(texts(120))],
    )
    assert versions(collect) == []


def test_groups_are_bounded_by_number_and_age(sqlite_store: Store) -> None:
    now = [AT]
    collect = Collect(sqlite_store, lambda: now[0])
    odd = [
        a_call("x", request_body=asked("x", name="n", schema=_labels(n)), received_at=AT) for n in range(GROUPS + 50)
    ]
    put(collect, [*odd, *(a_call(text, received_at=AT) for text in texts(3))])
    now[0] += 3600
    put(collect, odd[:1])
    put(collect, [a_call("one more", received_at=now[0])])
    assert len(strays(collect)) == GROUPS
    assert 4 in strays(collect).values()
    now[0] += KEPT + 1
    put(collect, [a_call("of another day", received_at=now[0])])
    assert strays(collect) == {next(iter(strays(collect))): 1}


def _labels(number: int) -> dict[str, object]:
    return {"type": "object", "properties": {"label": {"enum": ["card", f"label {number}"]}}, "required": ["label"]}


def test_a_tenant_has_at_most_so_many_tasks(sqlite_store: Store, caplog: pytest.LogCaptureFixture) -> None:
    collect = Collect(sqlite_store, lambda: AT, max_tasks=2)

    def task(number: int, **changes: Any) -> list[Exchange]:
        return [
            a_call(t, request_body=asked(t, schema=_labels(number), name=f"task{number}"), **changes) for t in texts(20)
        ]

    with caplog.at_level(logging.WARNING):
        put(collect, [call for number in range(4) for call in task(number)])
        put(collect, task(5))
    assert len(versions(collect)) == 2
    assert len([record for record in caplog.records if "max_tasks" in record.message]) == 1
    with sqlite_store.read() as work:
        assert work.marks.note(FULL) == "tenant default has 2 tasks: no further one is found unless a caller names it"
    put(collect, task(6, explicit_task="named") + task(7, tenant="other"))
    assert {version.task for version in versions(collect)} >= {"named", "task7"}
    assert len(versions(collect)) == 4


def test_a_group_is_looked_at_again_when_it_may_hold_something_new() -> None:
    finder = Finder()
    assert finder.ripe({"a": 20, "b": 20}) == ["a", "b"]
    finder._waits = {"a": Wait(21, 1), "gone": Wait(99, 3)}
    assert finder.ripe({"a": 20, "b": 20}) == ["b"]
    assert finder.ripe({"a": 21}) == ["a"]
    assert list(finder._waits) == ["a"]


def test_a_large_group_without_a_template_is_looked_at_ever_less() -> None:
    finder, looks, size = Finder(), list[int](), 20
    while size < 800:
        if finder.ripe({"a": size}):
            looks.append(size)
            finder._waits["a"] = finder._next("a", size)
        size += 1
    assert looks[:40] == list(range(20, 60))
    steps = [after - before for before, after in pairwise(looks)]
    assert max(steps) <= 200
    assert len(looks) < 60


def test_users_of_a_short_instruction_share_a_version(collect: Collect) -> None:
    names = ("Ada", "Bert", "Cleo", "Dov")
    put(
        collect,
        [
            a_call(t, request_body=asked(t, system=f"You help {names[n % 4]}. Label it well."))
            for n, t in enumerate(texts(80))
        ],
    )
    (version,) = versions(collect)
    assert {row.input.split()[2] for row in calls(collect, version)} == {f"{name}." for name in names}
    assert version.skeleton.repeating[0] == (0, 4)


def test_the_same_day_in_all_samples_makes_no_template(collect: Collect) -> None:
    def on(day: int, about: str) -> list[Exchange]:
        said = f"Label it well. Today is 2025-11-{day}."
        return [a_call(text, request_body=asked(text, system=said)) for text in texts(20, about=about)]

    put(collect, on(10, "my card"))
    put(collect, on(11, "a loan"))
    (version,) = versions(collect)
    assert len(calls(collect, version)) == 40
    assert version.skeleton.repeating == ((0, 1),)


def groups(collect: Collect) -> list[Group]:
    with collect.ledger.read() as work:
        return list(work.reports.groups(limit=100))  # type: ignore[attr-defined]


def test_a_group_of_few_prompts_says_how_many_it_has(collect: Collect) -> None:
    put(collect, [a_call(text) for text in texts(7) for _ in range(4)])
    (group,) = groups(collect)
    assert (group.why, group.note, group.strays) == (Unfounded.FEW, "7 of 20 different prompts", 28)


def test_a_group_too_small_to_be_looked_at_has_no_note(collect: Collect) -> None:
    put(collect, [a_call(text) for text in texts(19)])
    (group,) = groups(collect)
    assert (group.why, group.strays) == (None, 19)


@pytest.mark.parametrize(
    ("kind", "why"), [("unique_with_schema", Unfounded.NO_INSTRUCTION), ("retries", Unfounded.NO_TEMPLATE)]
)
def test_a_group_whose_prompts_share_nothing_says_so(collect: Collect, kind: str, why: Unfounded) -> None:
    put(collect, noise(kind, 40))
    assert {(group.why, group.note) for group in groups(collect)} == {(why, "40 different prompts")}


def test_answers_that_are_all_new_are_open(collect: Collect) -> None:
    put(collect, [said(text, f"ticket {n}") for n, text in enumerate(texts(40))])
    (group,) = groups(collect)
    assert (group.why, group.note) == (Unfounded.OPEN_ANSWERS, "40 different prompts")


def test_a_group_beyond_the_limit_of_tasks_says_so(sqlite_store: Store) -> None:
    collect = Collect(sqlite_store, lambda: AT, max_tasks=0)
    put(collect, [a_call(text) for text in texts(20)])
    (group,) = groups(collect)
    assert group.why == Unfounded.FULL


def test_why_is_written_when_it_changes_and_goes_with_its_group(sqlite_store: Store) -> None:
    now = [AT]
    collect = Collect(sqlite_store, lambda: now[0])
    put(collect, [a_call(text) for text in texts(7) for _ in range(4)])
    now[0] += 60
    put(collect, [a_call(texts(1)[0])])
    assert [group.looked_at for group in groups(collect)] == [AT]
    put(collect, [a_call(text) for text in texts(20)])
    assert len(versions(collect)) == 1
    with sqlite_store.read() as work:
        assert work.calls._db.execute(select(stray_groups)).all() == []
