"""An operator's hand on tasks as such, on real stores."""

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import VersionRow
from shadowbert.domain.student import Slice
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import OperatorError, StaleState, UnknownTask
from shadowbert.flow.arrange import Arrange
from shadowbert.flow.candidates import enter
from shadowbert.flow.history import replay
from shadowbert.flow.operate import Operate, Operator
from shadowbert.store.store import Store
from shadowbert.testing import lineage
from shadowbert.testing.lineage import NOW, Lineage

MARIA = Operator("maria", "one team, one name")


def found(store: Store, **changes: Any) -> Lineage:
    """A version that matches other calls than any other."""
    return lineage.found(store, **{"wording": uuid7(), **changes})


@pytest.fixture
def arrange(store: Store) -> Arrange:
    return Arrange(store, lambda: NOW)


@pytest.fixture
def line(store: Store) -> Lineage:
    return found(store)


def tasks(store: Store) -> dict[str, set[str]]:
    """The ids of each task's versions, by its name."""
    with store.read() as work:
        versions = work.tasks.versions()
    return {name: {v.id for v in versions if v.task == name} for name in {v.task for v in versions}}


def sibling(line: Lineage, **changes: Any) -> Lineage:
    """A newer version of the same task."""
    return found(line.store, task=line.now.task, task_id=line.now.task_id, created_at=NOW + 1, **changes)


def numbers(line: Lineage) -> list[int]:
    with line.store.read() as work:
        return [candidate.number for candidate in work.candidates.of_version(line.version_id)]


def called(store: Store, name: str) -> list[str]:
    with store.read() as work:
        return sorted({version.task for version in work.tasks.of_task(name)})


def test_a_renamed_task_is_found_by_both_names(line: Lineage, arrange: Arrange) -> None:
    line.move(Stage.SHADOW)
    now = arrange.rename("bank", MARIA, "  money matters ")
    assert (now.task, now.former, now.stage, now.epoch) == ("money matters", ("bank",), Stage.SHADOW, 2)
    with line.store.read() as work:
        assert work.tasks.task_id("default", "bank") == work.tasks.task_id("default", "money matters") == now.task_id
        assert work.tasks.task_id("other", "bank") is None
        verdict = work.tasks.verdicts([now.id])[-1]
        (published,) = work.mirror.table(audit_rate=0.05).versions
    assert (published.task, published.former) == ("money matters", ("bank",))
    assert verdict.verdict.reason == "Renamed from `bank` to `money matters` by maria: one team, one name."
    assert (verdict.by, verdict.why) == ("maria", "one team, one name")
    assert Operate(line.store, Policy(), lambda: NOW).pause("bank", MARIA).task == "money matters"


def test_what_serves_tells_where_a_task_stands(line: Lineage, arrange: Arrange) -> None:
    """A new name for a task whose older version answers does not look as if it had stopped."""
    line.move(Stage.LIVE, share=1.0, candidate=line.candidate(line.student()))
    new = sibling(line, teacher="gpt-5")
    mail = found(line.store, task="mail", created_at=NOW + 2)
    for now in (
        arrange.rename("bank", MARIA, "money"),
        arrange.pin("money", MARIA),
        arrange.merge("money", MARIA, ["mail"]),
        arrange.split("money", MARIA, [mail.version_id], "mail") and arrange.unpin("money", MARIA),
    ):
        assert (now.id, now.stage, now.share) == (line.version_id, Stage.LIVE, 1.0)
    assert arrange.split("money", MARIA, [new.version_id], "new").id == new.version_id


def test_a_name_given_back_is_present_and_not_former(line: Lineage, arrange: Arrange) -> None:
    arrange.rename("bank", MARIA, "money")
    arrange.rename("money", MARIA, "cash")
    assert arrange.rename("bank", MARIA, "bank").former == ("money", "cash")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "a task needs a name"),
        (" \t ", "a task needs a name"),
        ("x" * 121, "at most 120 characters, this one has 121"),
        ("a\x1b[2J", "without control characters"),
        ("a\nb", "without control characters"),
        ("a\u2028b", "without control characters"),
        ("\ud800", "without control characters"),
        ("bank", "called so already"),
        ("mail", "there is a task called mail already"),
    ],
)
def test_names_that_are_refused(name: str, said: str, line: Lineage, arrange: Arrange) -> None:
    found(line.store, task="mail")
    with pytest.raises(OperatorError, match=said):
        arrange.rename("bank", MARIA, name)
    assert (line.now.task, line.now.epoch) == ("bank", 0)
    if name != "bank":
        sibling(line)
        with pytest.raises(OperatorError, match=said):
            arrange.split("bank", MARIA, [line.version_id], name)
    assert set(tasks(line.store)) == {"bank", "mail"}


def test_a_former_name_of_another_task_is_given_up(line: Lineage, arrange: Arrange) -> None:
    other = found(line.store, task="mail")
    arrange.rename("bank", MARIA, "money")
    assert called(line.store, "bank") == ["money"]
    arrange.rename("mail", MARIA, "bank")
    assert (called(line.store, "bank"), line.now.former, other.now.former) == (["bank"], (), ("mail",))


def test_a_merged_task_has_everything_of_the_others(line: Lineage, arrange: Arrange) -> None:
    student = line.student()
    for _ in range(2):
        line.candidate(student)
    mail, post = found(line.store, task="mail", created_at=NOW + 5), found(line.store, task="post")
    letters = mail.student()
    first = mail.candidate(letters)
    mail.evidence(first, agree=30)
    mail.move(Stage.LIVE, share=1.0, candidate=first)
    mail.candidate(letters)
    arrange.rename("post", MARIA, "letters")
    now = arrange.merge("bank", MARIA, ["mail", "post", "letters"])
    assert (now.id, now.task, now.former) == (mail.version_id, "bank", ("mail", "post", "letters"))
    assert tasks(line.store) == {"bank": {line.version_id, mail.version_id, post.version_id}}
    assert (numbers(line), numbers(mail)) == ([1, 2], [3, 4])
    assert (now.stage, now.candidate_id) == (Stage.LIVE, first.id), "whoever served goes on"
    for name in ("mail", "post", "letters"):
        assert called(line.store, name) == ["bank"]
    with line.store.read() as work:
        assert work.candidates.next_number(now.task_id) == 5
        assert work.predictions.promotion_counts(first.id).agree == 30
        reasons = {row.version_id: row.verdict.reason for row in work.tasks.verdicts([v.id for v in now_of(line)])}
    assert reasons[mail.version_id].startswith("Merged from `mail` into `bank` by maria")
    assert reasons[line.version_id].startswith("`mail`, `letters` merged into `bank` by maria")


def now_of(line: Lineage) -> list[VersionRow]:
    with line.store.read() as work:
        return work.tasks.of_task(line.now.task)


def test_merges_that_are_refused(line: Lineage, arrange: Arrange) -> None:
    arrange.rename("bank", MARIA, "money")
    foreign = found(line.store, task="mail", tenant="acme")
    for others, said in (
        (["money"], "task money cannot be merged with itself"),
        (["bank"], "task money cannot be merged with itself"),
        (["mail"], "tenants share nothing: money is of default, mail of acme"),
        ([], "name the tasks that are to become part of money"),
    ):
        with pytest.raises(OperatorError, match=said):
            arrange.merge("money", MARIA, others)
    with pytest.raises(UnknownTask, match="known tasks: mail, money"):
        arrange.merge("money", MARIA, ["nobody"])
    assert (line.now.epoch, foreign.now.epoch) == (1, 0)


@pytest.mark.parametrize("which", ["bank", "mail"])
def test_what_only_a_name_tells_apart_is_not_merged(line: Lineage, arrange: Arrange, which: str) -> None:
    """One of the two would get the calls of both: whoever is served by the other's student would be so no more."""
    like = {name: getattr(line.now, name) for name in ("teacher", "contract", "skeleton", "wording")}
    twin = found(line.store, task="post", **like)
    newer = found(line.store, task="post", task_id=twin.now.task_id, created_at=NOW + 1)
    found(line.store, task="mail")
    ids = f"version {line.version_id} of task bank and version {twin.version_id} of task post match the same calls"
    with pytest.raises(OperatorError, match=f"{ids}.*let all callers name bank"):
        arrange.merge(which, MARIA, [name for name in ("bank", "mail", "post") if name != which])
    assert len(tasks(line.store)) == 3
    with line.store.write() as work:
        work.tasks.replace(twin.version_id, newer.version_id)
    assert arrange.merge("bank", MARIA, ["post"]).id == newer.version_id, "what was replaced matches nothing"


def test_a_split_off_version_takes_its_candidates_along(line: Lineage, arrange: Arrange) -> None:
    line.candidate(line.student())
    newer = sibling(line)
    newer.candidate(newer.student())
    now = arrange.split("bank", MARIA, [line.version_id], "old bank")
    assert (now.id, now.task, now.former) == (line.version_id, "old bank", ())
    assert tasks(line.store) == {"old bank": {line.version_id}, "bank": {newer.version_id}}
    assert (numbers(line), numbers(newer)) == ([1], [2])
    with line.store.read() as work:
        assert work.tasks.verdicts([newer.version_id])[-1].verdict.reason.startswith("`old bank` split off by maria")
        assert {work.candidates.next_number(line.now.task_id), work.candidates.next_number(newer.now.task_id)} == {2, 3}
    assert arrange.merge("bank", MARIA, ["old bank"]).id == newer.version_id
    assert (numbers(line), numbers(newer)) == ([3], [2])


def test_versions_are_named_by_their_beginning(line: Lineage, arrange: Arrange) -> None:
    stem = uuid7()[:30]
    one, two = sibling(line, id=f"{stem}000001"), sibling(line, id=f"{stem}000002")
    for prefix, said in (
        (stem[:3], "at least 4 characters"),
        (stem, f"several versions begin with '{stem}': {one.version_id}, {two.version_id}"),
        ("zzzz", "no version begins with 'zzzz'"),
        ("%%%%", "no version begins with '%%%%'"),
    ):
        with pytest.raises(OperatorError, match=said):
            arrange.split("bank", MARIA, [prefix], "x")
    with pytest.raises(OperatorError, match="name the versions"):
        arrange.split("bank", MARIA, [], "x")
    everything = [line.version_id, one.version_id, two.version_id]
    with pytest.raises(OperatorError, match="no version of task bank would stay"):
        arrange.split("bank", MARIA, everything, "x")
    arrange.split("bank", MARIA, [two.version_id, two.version_id[:-1] + "2"], "x")
    assert tasks(line.store)["x"] == {two.version_id}


def test_pin_and_unpin(line: Lineage, arrange: Arrange) -> None:
    with pytest.raises(OperatorError, match="task bank is not pinned"):
        arrange.unpin("bank", MARIA)
    assert arrange.pin("bank", MARIA).pinned
    with pytest.raises(OperatorError, match="task bank is pinned already"):
        arrange.pin("bank", MARIA)
    newer = sibling(line)
    arrange.split("bank", MARIA, [newer.version_id], "apart")
    assert (line.now.pinned, newer.now.pinned) == (True, True), "what an operator wanted holds for both"
    assert not arrange.unpin("bank", MARIA).pinned
    with line.store.read() as work:
        reasons = [row.verdict.reason.split()[0] for row in work.tasks.verdicts([line.version_id])]
    assert reasons == ["Pinned", "`apart`", "Unpinned"]


def test_a_name_that_two_tenants_have_is_told_apart(line: Lineage, arrange: Arrange) -> None:
    foreign = found(line.store, tenant="a/c")
    with pytest.raises(OperatorError, match="2 tenants have a task called 'bank'; say which: a/c/bank, default/bank"):
        arrange.pin("bank", MARIA)
    assert arrange.pin("a/c/bank", MARIA).id == foreign.version_id
    assert arrange.merge("default/bank", MARIA, [found(line.store, task="x/y").now.task]).tenant == "default"
    assert (line.now.pinned, line.now.former) == (False, ("x/y",))


def test_a_canary_goes_on_counting_under_its_new_name(line: Lineage, arrange: Arrange) -> None:
    candidate = line.candidate(line.student())
    canary = line.move(Stage.CANARY, share=0.05, candidate=candidate, forced=True)
    line.calls(3)
    now = arrange.rename("bank", MARIA, "money")
    assert (now.stage_seq, now.share, now.candidate_id, now.forced) == (canary.stage_seq, 0.05, candidate.id, True)


def test_who_arranges_at_the_same_time_takes_turns(line: Lineage, arrange: Arrange) -> None:
    """Whoever comes second finds what the first has left: the other task by its former name."""
    found(line.store, task="mail")

    def rename() -> VersionRow:
        return arrange.rename("mail", MARIA, "post")

    def merge() -> VersionRow:
        return arrange.merge("bank", MARIA, ["mail"])

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(act) for act in (rename, merge)]
    assert {future.result().task for future in done} <= {"post", "bank"}
    (name,) = tasks(line.store)
    assert [called(line.store, known) for known in ("bank", "mail", "post")].count([name]) >= 2


def test_a_merge_waits_for_what_is_founded_and_entered_at_that_moment(line: Lineage, arrange: Arrange) -> None:
    """Else the name that was merged away would come back as a task, or its newest candidate be nobody's."""
    store, mail = line.store, found(line.store, task="mail")
    line.candidate(line.student())
    student, newer = mail.student(), replace(mail.now, id=uuid7(), created_at=NOW + 1)
    with ThreadPoolExecutor(1) as pool:
        with store.write() as work:
            known = work.tasks.version(mail.version_id)
            merged = pool.submit(arrange.merge, "bank", MARIA, ["mail"])
            wait([merged], timeout=0.5)
            assert known is not None
            enter(work, student, known, Slice(0.9), at=NOW)
            work.tasks.found(newer)
        merged.result(60)
    assert tasks(store) == {"bank": {line.version_id, mail.version_id, newer.id}}
    assert (numbers(line), numbers(mail)) == ([1], [2])


names = st.sampled_from(["bank", "mail", "post", "desk", "shop"])
acts = st.lists(
    st.tuples(st.just("rename"), names, names)
    | st.tuples(st.just("merge"), names, names)
    | st.tuples(st.just("split"), names, names, st.integers(0, 3))
    | st.tuples(st.just("enter"), names, st.integers(0, 3)),
    max_size=8,
)


def test_whatever_operators_do_every_version_stays_reachable(sqlite_store: Store) -> None:
    """Each under one task, by one present name; numbers are unique and never shrink; verdicts tell the whole story."""
    arrange = Arrange(sqlite_store, lambda: NOW)

    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
    @given(acts)
    def holds(script: list[tuple[Any, ...]]) -> None:
        tenant = uuid7()
        lines = [found(sqlite_store, task=name, tenant=tenant) for name in ("bank", "mail", "post")]
        lines.append(found(sqlite_store, task="bank", tenant=tenant, task_id=lines[0].now.task_id))
        founded, students = {line.version_id: line.now for line in lines}, [line.student() for line in lines]
        shares = dict[str, int]()
        for act, name, *rest in script:
            if act == "enter":
                lines[rest[0]].candidate(students[rest[0]])
            else:
                attempt(arrange, act, f"{tenant}/{name}", rest, lines)
            shares = grown(sqlite_store, lines, shares)
        for line in lines:
            now = line.now
            with sqlite_store.read() as work:
                assert line.version_id in [v.id for v in work.tasks.of_task(now.task)]
                assert {work.tasks.task_id(tenant, name) for name in (now.task, *now.former)} == {now.task_id}
                state = replay(founded[line.version_id], work.tasks.verdicts([line.version_id]))
            assert (state.stage, state.epoch, state.stage_seq) == (now.stage, now.epoch, now.stage_seq)
            assert now.task not in now.former

    holds()


def attempt(arrange: Arrange, act: str, task: str, rest: list[Any], lines: list[Lineage]) -> None:
    try:
        if act == "rename":
            arrange.rename(task, MARIA, rest[0])
        elif act == "merge":
            arrange.merge(task, MARIA, [f"{lines[0].now.tenant}/{rest[0]}"])
        else:
            arrange.split(task, MARIA, [lines[rest[1]].version_id], rest[0])
    except OperatorError:
        return


def grown(store: Store, lines: list[Lineage], before: dict[str, int]) -> dict[str, int]:
    """The candidates' numbers, checked."""
    with store.read() as work:
        candidates = [c for line in lines for c in work.candidates.of_version(line.version_id)]
        owners = {line.version_id: line.now.task_id for line in lines}
    assert all(owners[c.version_id] == c.task_id for c in candidates)
    assert len({(c.task_id, c.number) for c in candidates}) == len(candidates)
    assert all(c.number >= before.get(c.id, 1) for c in candidates)
    return {c.id: c.number for c in candidates}


def test_a_replaced_version_goes_with_the_one_in_its_place(line: Lineage, arrange: Arrange) -> None:
    heir, other = sibling(line), sibling(line)
    with line.store.write() as work:
        work.tasks.replace(line.version_id, heir.version_id)
    with pytest.raises(OperatorError, match="no version begins with"):
        arrange.split("bank", MARIA, [line.version_id], "x")
    with pytest.raises(OperatorError, match="no version of task bank would stay"):
        arrange.split("bank", MARIA, [heir.version_id, other.version_id], "x")
    assert arrange.split("bank", MARIA, [heir.version_id], "edited").id == heir.version_id
    assert tasks(line.store) == {"bank": {other.version_id}, "edited": {line.version_id, heir.version_id}}


def test_the_gate_and_the_log_go_on_while_tasks_are_arranged(line: Lineage, arrange: Arrange) -> None:
    """None of them is refused or waits for ever: what moves a version takes its turn, and calls are added meanwhile."""
    mail, stages = found(line.store, task="mail"), (Stage.PAUSED, Stage.COLLECTING)

    def arranged() -> None:
        for number in range(6):
            arrange.merge("bank", MARIA, ["mail"])
            arrange.split("bank", MARIA, [mail.version_id], "mail")
            arrange.rename("bank", MARIA, f"bank {number % 2}")
            arrange.rename("bank", MARIA, "bank")

    def moved() -> None:
        for number in range(12):
            with suppress(StaleState):
                mail.move(stages[number % 2])

    def logged() -> None:
        for _ in range(12):
            mail.calls(2)

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(act) for act in (arranged, moved, logged)]:
            done.result(60)
    assert tasks(line.store) == {"bank": {line.version_id}, "mail": {mail.version_id}}
    with line.store.read() as work:
        assert len(work.calls.labelled(mail.version_id)) == 24
