"""What people see of a task, read from a real store."""

import pytest

from shadowbert.domain.evidence import Counts
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import UnknownTask
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.report import Report, TaskReport
from shadowbert.gating.eprocess import alpha_share, lower_bound
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW, SERVED, Lineage, found

ESCALATED = Route(Source.LLM, Reason.UNSURE, Decider.STUDENT, 0.05)


def report(store: Store, **policy: object) -> Report:
    return Report(store, Policy(**policy), lambda: NOW)  # type: ignore[arg-type]


def only(store: Store, **policy: object) -> TaskReport:
    (task,) = report(store, **policy).tasks()
    return task


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


def test_no_task(sqlite_store: Store) -> None:
    assert report(sqlite_store).tasks() == []
    with pytest.raises(UnknownTask, match="no task is called 'bank'; no task has been found yet"):
        report(sqlite_store).task("bank")


def test_a_task_by_its_name_and_an_unknown_one(line: Lineage) -> None:
    assert [t.version for t in report(line.store).task("bank")] == [line.version_id]
    with pytest.raises(UnknownTask, match="known tasks: bank"):
        report(line.store).task("nobody")


def test_examples_calls_and_what_taught_nothing(line: Lineage) -> None:
    line.calls(30)
    line.calls(2, unfit="refusal")
    line.calls(3, route=ESCALATED)
    line.calls(5, route=SERVED)
    task = only(line.store)
    assert task.examples == 33
    assert (task.by_student, task.by_llm) == (5, 35)
    assert task.reasons == {"shadow": 32, "unsure": 3}
    assert task.unfit == {"refusal": 2, "by_student": 5}
    assert (task.student_ms, task.llm_ms) == (4.0, 640.0)
    assert task.leading is None
    assert not task.red


def test_evidence_of_a_candidate(line: Lineage) -> None:
    line.calls(200)
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=57, disagree=3, unsure=20)
    line.move(Stage.SHADOW)
    leading = only(line.store).leading
    assert leading is not None
    assert (leading.agree, leading.disagree, leading.rows, leading.agreement) == (57, 3, 60, 0.95)
    assert leading.coverage == 60 / 80
    assert leading.bound == lower_bound(Counts(57, 3), alpha=alpha_share(1, 0.05))
    assert (leading.student, leading.recipe, leading.number) == (1, "probe", 1)
    assert leading.kappa is not None
    assert leading.kappa > 0.9
    assert "57 of 60 agree" in leading.verdict
    assert leading.supported, "it does not serve"


def test_the_curve_ends_at_the_counts_and_has_few_points(line: Lineage) -> None:
    line.calls(20)
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=290, disagree=10)
    leading = only(line.store).leading
    assert leading is not None
    rows = [point[0] for point in leading.curve]
    assert rows == sorted(set(rows))
    assert len(rows) <= 49
    assert leading.curve[-1] == (300, 290 / 300, leading.bound)
    assert leading.curve[0] == (8, 1.0, lower_bound(Counts(8, 0), alpha=alpha_share(1, 0.05)))


def test_points_of_a_curve_stay_where_they_are_when_rows_are_added(line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=300)
    before = only(line.store).candidates[0].curve
    line.evidence(candidate, agree=20, disagree=4)
    assert set(before[:-1]) <= set(only(line.store).candidates[0].curve)


def test_the_champion_leads_whatever_others_have_shown(line: Lineage) -> None:
    champion, other = line.candidate(line.student()), line.candidate(line.student(number=2))
    line.evidence(other, agree=200)
    line.evidence(champion, agree=80)
    line.move(Stage.LIVE, share=1.0, candidate=champion)
    task = only(line.store)
    assert task.leading is not None
    assert task.leading.serving
    assert task.leading.id == champion.id
    assert [c.serving for c in task.candidates] == [True, False]


def test_calls_since_the_stage_began_are_counted_apart(line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=80)
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    line.calls(30, route=SERVED)
    line.calls(10, route=ESCALATED)
    task = only(line.store)
    assert (task.stage_student, task.stage_llm) == (30, 10)
    assert (task.by_student, task.by_llm) == (30, 90)


# Stage by stage: what is missing, in words.


def test_missing_while_collecting(line: Lineage) -> None:
    line.calls(60)
    assert only(line.store).missing == "140 more examples until the first student"
    line.calls(140)
    assert only(line.store).missing == "a student: a training is due"
    with line.store.write() as work:
        job = work.jobs.queue(line.version_id, cause="200 examples", at=NOW)
    assert only(line.store).missing == "a student: a training is queued"
    with line.store.write() as work:
        work.jobs.start(job.id, examples=200)
    assert only(line.store).missing == "a student: one is being trained"
    with line.store.write() as work:
        work.jobs.finish(job.id, state="failed", message="the disk is full", at=NOW)
    assert only(line.store).missing == "a better student, the next is trained at 400 examples; the disk is full"


def test_missing_in_shadow_and_when_only_an_operator_is(line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.move(Stage.SHADOW)
    line.evidence(candidate, agree=50)
    assert "more agreeing calls" in only(line.store).missing
    line.evidence(candidate, agree=150)
    assert only(line.store).missing == "", "the gate's next look moves it"
    assert "an operator's cutover" in only(line.store, autopilot=False).missing


def test_missing_in_canary_and_live(line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=120)
    line.move(Stage.CANARY, share=0.05, candidate=candidate)
    line.evidence(candidate, agree=20)
    assert only(line.store).missing == "30 more checked calls"
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    task = only(line.store)
    assert (task.missing, task.red) == ("", False)


def test_a_live_task_whose_latest_audits_do_not_support_it_is_red(line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=100)
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    for _ in range(12):
        line.evidence(candidate, agree=13, disagree=1)
    task = only(line.store)
    assert task.leading is not None
    assert not task.leading.supported
    assert task.red
    assert task.leading.suspicion > 0
    assert "latest 200 audits" in task.missing


def test_a_forced_task_is_red_and_says_what_the_gate_waits_for(line: Lineage) -> None:
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=60)
    line.move(Stage.LIVE, share=1.0, candidate=candidate, forced=True)
    task = only(line.store)
    assert task.red
    assert task.leading is not None
    assert "Not yet shown to agree" in task.leading.verdict
    assert "more agreeing calls" in task.missing


def test_missing_where_an_operator_stopped_it(line: Lineage) -> None:
    operate, who = Operate(line.store, Policy(), lambda: NOW), Operator("maria")
    candidate = line.candidate(line.student())
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    operate.rollback("bank", who)
    assert only(line.store).missing == "an operator's resume: the task was rolled back"
    operate.pause("bank", who)
    assert only(line.store).missing == "an operator's resume: the task is paused"
    operate.off("bank", who)
    assert only(line.store).missing == "an operator's resume: the task is switched off"


def test_verdicts_come_oldest_first(line: Lineage) -> None:
    line.move(Stage.SHADOW)
    line.move(Stage.PAUSED)
    assert [(v.stage_before, v.verdict.stage) for v in only(line.store).verdicts] == [
        (Stage.COLLECTING, Stage.SHADOW),
        (Stage.SHADOW, Stage.PAUSED),
    ]
