"""How often a version's teacher agrees with itself, from a real store, and what that says of the target."""

import pytest

from shadowbert.domain.contract import Contract, Field
from shadowbert.domain.records import ProbeRow, VersionRow
from shadowbert.domain.task import Policy
from shadowbert.flow.ceiling import ENOUGH, NO_CEILING, Ceilings, ceilings
from shadowbert.flow.report import Report
from shadowbert.gating.ceiling import SelfAgreement
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.flow.test_material import asked, founded
from tests.store.rows import a_call, a_version, loaded

SURE = SelfAgreement(0.999, 3_000, 5, 3)
MILD = SelfAgreement(0.93, 60, 4, 3)
TORN = SelfAgreement(0.80, 3_000, 500, 3)
TARGET = 0.95


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


def known(store: Store, version: VersionRow, candidate_id: str | None = None) -> Ceilings:
    with store.read() as work:
        return ceilings(work, version, candidate_id)


def a_probe(version: VersionRow, text: str, first: int, again: int | None) -> ProbeRow:
    said = None if again is None else (again,)
    return ProbeRow(version.id, f"i1:{text}", (first,), said, None if said else "refusal", "maria", 1.0)


def probed(store: Store, *rows: ProbeRow) -> None:
    with store.write() as work:
        work.probes.add(rows)


def test_one_hot_text_counts_once(sqlite_store: Store) -> None:
    version = founded(sqlite_store)
    asked(sqlite_store, version, *[("hot", 1)] * 98, ("rare", 1), ("rare", 2))
    repeated = known(sqlite_store, version).repeated
    assert repeated is not None
    assert (repeated.share, repeated.inputs, repeated.classes) == (0.5, 2, 4)


def test_probes_speak_for_all_calls_once_there_are_enough(sqlite_store: Store) -> None:
    version = founded(sqlite_store)
    asked(sqlite_store, version, *[("hot", 1)] * 3)
    assert known(sqlite_store, version).overall == known(sqlite_store, version).repeated
    probed(sqlite_store, *[a_probe(version, f"p{n}", 1, 1 + n % 2) for n in range(ENOUGH - 1)])
    few = known(sqlite_store, version)
    assert few.overall == few.repeated
    probed(sqlite_store, a_probe(version, "last", 1, 2), a_probe(version, "refused", 1, None))
    enough = known(sqlite_store, version)
    assert enough.overall == enough.probed
    assert (enough.probed.inputs, enough.probed.share) == (ENOUGH, 0.5) if enough.probed else False


def test_an_input_that_came_twice_and_was_probed_counts_once(line: Lineage) -> None:
    texts = [f"t{n}" for n in range(ENOUGH)]
    line.labelled(*[(text, 0) for text in texts])
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=5)
    assert known(line.store, line.now, candidate.id).inside is None, "none of them is in its slice"
    with line.store.write() as work:
        calls = work.calls.latest(line.version_id, limit=5)
        work.probes.add(
            [ProbeRow(line.version_id, c.input_hash, c.answer or (0,), (0,), None, "maria", 1.0) for c in calls]
        )
    line.labelled(*[(call.input, (call.answer or (0,))[0]) for call in calls])
    assert known(line.store, line.now, candidate.id).inside is None, "five are not enough"
    line.evidence(candidate, agree=ENOUGH)
    with line.store.read() as work:
        calls = work.calls.latest(line.version_id, limit=ENOUGH)
    line.labelled(*[(call.input, (call.answer or (0,))[0]) for call in calls])
    inside = known(line.store, line.now, candidate.id).inside
    assert inside is not None
    assert inside.inputs == ENOUGH + 5


def test_each_field_has_its_own(sqlite_store: Store) -> None:
    contract = Contract((Field(("topic",), ("a", "b")), Field(("urgent",), (False, True))), "c1:two")
    version = a_version(task_id="two", contract=contract)
    ids = loaded(sqlite_store, 4)
    said = [("x", (0, 0)), ("x", (0, 1)), ("y", (1, 1)), ("y", (1, 1))]
    with sqlite_store.write() as work:
        work.tasks.found(version)
        rows = [
            a_call(version, i, n, input_hash=h, answer=a) for n, (i, (h, a)) in enumerate(zip(ids, said, strict=True))
        ]
        work.calls.add(rows)
    fields = known(sqlite_store, version).fields
    assert {name: own.share for name, own in fields.items()} == {"topic": 1.0, "urgent": 0.5}
    assert fields["topic"].classes == 2


ON_ALL = (
    "target 95 % is above the ceiling on all calls: asked the same again, the LLM gives the same answer 80 % of the"
)


def test_a_target_that_nobody_can_reach_on_all_calls_is_called_out_with_the_nearest_and_the_way_round() -> None:
    told = Ceilings(TORN).impossible(TARGET)
    assert told.startswith(f"{ON_ALL} time, so that no student can agree with it on more than 90.1 %; ")
    assert told.endswith("it is sure of it still may; on all calls the nearest target that could pass is 90 %")
    assert Ceilings(TORN).doubtful(TARGET) == ""


def test_the_slice_has_a_ceiling_of_its_own() -> None:
    passable, hopeless = Ceilings(TORN, inside=SURE), Ceilings(SURE, inside=TORN)
    assert passable.impossible(TARGET) == ""
    assert passable.doubtful(TARGET).startswith(ON_ALL)
    assert passable.doubtful(TARGET).endswith("; on the calls that it is sure of it can")
    told = hopeless.impossible(TARGET)
    assert told.startswith("target 95 % is above the ceiling on the calls that it is sure of: ")
    assert told.endswith("; the nearest target that could pass is 90 %")


def test_an_estimate_below_the_target_is_a_warning() -> None:
    few = Ceilings(SelfAgreement(0.85, 30, 4, 3))
    assert few.impossible(TARGET) == ""
    assert few.doubtful(TARGET).startswith("target 95 % seems above the ceiling on all calls: ")
    assert few.doubtful(TARGET).endswith("; on those that it is sure of it may")


@pytest.mark.parametrize("ceiling", [NO_CEILING, Ceilings(SURE), Ceilings(MILD), Ceilings(TORN, probed=SURE)])
def test_what_does_not_rule_it_out_says_nothing(ceiling: Ceilings) -> None:
    """Self-agreement of 93 % is no ceiling of 93 %: the commonest answer may agree with it on more than 96 %."""
    assert (ceiling.impossible(TARGET), ceiling.doubtful(TARGET)) == ("", "")


def test_the_report_calls_it_out_before_there_is_a_student(line: Lineage) -> None:
    line.labelled(*[(f"t{n % 100}", n % 3) for n in range(200)])
    (task,) = Report(line.store, Policy(), lambda: NOW).tasks()
    assert task.ceiling.impossible(task.target).startswith("target 95 % is above the ceiling on all calls")
    assert Report(line.store, Policy(target=0.3), lambda: NOW).tasks()[0].ceiling.impossible(0.3) == ""
