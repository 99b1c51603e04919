"""Labels that leave a slice on their own evidence, before a candidate serves and after."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from shadowbert.domain.evidence import Counts, Departure, Move, Ruling
from shadowbert.domain.records import CandidateRow, VerdictRow
from shadowbert.domain.student import Slice
from shadowbert.domain.task import PEOPLE, Policy, Stage
from shadowbert.flow.candidates import departed, enter
from shadowbert.flow.evidence import detector
from shadowbert.flow.govern import Govern
from shadowbert.flow.history import replay
from shadowbert.flow.leaving import VARIANTS, LabelsWatched, bar_of, shown_bad
from shadowbert.flow.operate import Operate, Operator
from shadowbert.flow.sayings import evidence_by_answer
from shadowbert.gating.gate import ASKED_AGAIN
from shadowbert.gating.labels import LabelWatch
from shadowbert.store.store import Store
from shadowbert.testing.lineage import Lineage, found
from tests.flow.stationed import AUDITED, SHADOWED, Bench, a_guess
from tests.flow.test_asked_again import asked
from tests.store.rows import a_student, a_transition, a_verdict

ANN = Operator("ann", "a hunch")
BAD = 2
"""The third label: transfer."""


@pytest.fixture
def bench(sqlite_store: Store) -> Bench:
    return Bench(sqlite_store)


def says(bench: Bench, label: int, agree: int, disagree: int = 0, *, audits: bool = False) -> None:
    """So many calls on which every student says this label, and the teacher the same, or another one."""
    decider = AUDITED if audits else SHADOWED
    bench.see(agree, label=label, decider=decider)
    bench.see(0, disagree, label=(label - 1) % 3, decider=decider)


def mixed(
    bench: Bench, rng: np.random.Generator, rows: int, *, agreement: tuple[float, ...], audits: bool = False
) -> None:
    """So many calls; with which chance the student agrees depends on what it says."""
    made = []
    for n in range(rows):
        label = int(rng.choice(3, p=(0.4, 0.35, 0.25)))
        told = label if rng.random() < agreement[label] else (label + 1) % 3
        text = f"mixed {bench.texts + n}"
        bench.shelf.says[text] = a_guess(label)
        made.append(bench.call(text, answer=(told,), decider=AUDITED if audits else SHADOWED))
    bench.texts += rows
    bench.add(made)
    bench.run()


def verdicts(bench: Bench) -> Sequence[VerdictRow]:
    with bench.store.read() as work:
        return work.tasks.verdicts([bench.version_id])


def candidate(bench: Bench, candidate_id: str | None) -> CandidateRow:
    with bench.store.read() as work:
        found = work.candidates.get(candidate_id or "")
    assert found is not None
    return found


def champion(bench: Bench) -> CandidateRow:
    return candidate(bench, bench.version.candidate_id)


def served(bench: Bench) -> Slice:
    """What the web processes are told."""
    with bench.store.read() as work:
        (published,) = work.mirror.table(audit_rate=0.05).versions
    assert published.champion is not None
    return published.champion.slice


def go_live(bench: Bench) -> None:
    for label in (0, 1, BAD):
        says(bench, label, 60)
    for _ in range(3):
        assert bench.promote.step() == 1
        for label in (0, 1, BAD):
            says(bench, label, 20, audits=True)
    assert bench.version.stage is Stage.LIVE


# Before it serves


def test_a_stream_with_one_bad_label_is_taken_over_without_it(bench: Bench) -> None:
    """The label agrees on 60 %, the others on 99 %: with it nobody is ever promoted."""
    rng = np.random.default_rng(5)
    founded = replace(bench.version, stage=Stage.COLLECTING, epoch=0)
    for _ in range(40):
        mixed(bench, rng, 20, agreement=(0.99, 0.99, 0.6), audits=bench.version.stage.serves)
        bench.promote.step()
    assert bench.version.stage is Stage.LIVE
    assert champion(bench).slice.excluded == {(0, BAD)}
    assert served(bench) == champion(bench).slice
    with bench.store.read() as work:
        counts = work.predictions.promotion_counts(bench.first.id)
    assert counts.share is not None
    assert counts.share < 0.95, "the whole would not have passed"
    assert replay(founded, verdicts(bench)) == bench.version


def test_a_variant_gathers_evidence_beside_the_candidate_it_comes_from(bench: Bench) -> None:
    says(bench, 0, 120)
    says(bench, BAD, 10, 10)
    assert bench.promote.step() == 1
    first, variant = bench.candidates
    assert (first, first.retired) == (bench.first, None)
    assert (variant.student_id, variant.number) == (bench.student.id, 2)
    assert variant.slice == Slice(bench.first.slice.threshold, frozenset({(0, BAD)}))
    assert variant.departures == (Departure(0, BAD, Counts(10, 10)),)
    assert variant.expected_coverage == pytest.approx(120 / 140)
    row = verdicts(bench)[-1]
    assert (row.by, row.verdict.move, row.verdict.stage, row.champion) == ("gate", Move.STEP, Stage.SHADOW, None)
    assert row.verdict.reason == (
        "label=transfer agrees less often than 93 %, as its own calls show: 10 of 20 agree (50 %). Candidate 2 gathers "
        "evidence without; candidate 1 keeps its own."
    )
    assert bench.promote.step() == 0, "once is enough"
    says(bench, 1, 40)
    with bench.store.read() as work:
        assert work.predictions.promotion_counts(first.id) == Counts(170, 10)
        assert work.predictions.promotion_counts(variant.id) == Counts(40, 0), "of calls that came later"


def test_rare_labels_stay_pooled(bench: Bench) -> None:
    says(bench, 0, 150)
    says(bench, BAD, 0, 4)
    assert (bench.promote.step(), len(bench.candidates)) == (0, 1)
    with bench.store.read() as work:
        assert shown_bad(work, bench.version, bench.first, bench.policy) == ()


def test_nobody_enters_who_would_cover_next_to_nothing(bench: Bench) -> None:
    says(bench, 0, 3)
    says(bench, BAD, 60, 40)
    bench.promote.step()
    assert [c.number for c in bench.candidates] in ([], [1])


def test_a_student_has_few_variants(bench: Bench) -> None:
    """Each costs a share of alpha that the students to come will miss."""
    with bench.store.write() as work:
        for number in range(VARIANTS):
            out = frozenset({(0, 1)}) if number % 2 else frozenset({(0, 0)})
            gone = (Departure(0, 1 if number % 2 else 0, Counts(1, 9)),)
            made = replace(bench.first, id=f"variant-{number}", number=2 + number, departures=gone, retired="tried")
            work.candidates.enter(replace(made, slice=Slice(0.9 + number / 100, out)))
    says(bench, 0, 120)
    says(bench, BAD, 10, 10)
    assert bench.promote.step() == 0
    assert [c.number for c in bench.candidates] == [1]


def test_a_label_is_back_with_the_next_student_and_with_no_other_slice_of_this_one(bench: Bench) -> None:
    says(bench, 0, 60)
    says(bench, BAD, 10, 20)
    bench.promote.step()
    with bench.store.write() as work:
        again = enter(work, bench.student, bench.version, Slice(0.95), at=bench.at)
        student = a_student(bench.version, number=2)
        work.students.add(student)
        fresh = enter(work, student, bench.version, Slice(0.95), at=bench.at)
        assert departed(work, bench.version_id, student.id) == frozenset()
    assert again.slice.excluded == {(0, BAD)}
    assert fresh.slice.excluded == frozenset()


def test_an_operator_who_gives_labels_back_does_not_give_back_what_left(bench: Bench) -> None:
    govern = Govern(bench.store, bench.policy, lambda: bench.at)
    says(bench, 0, 60)
    says(bench, BAD, 10, 20)
    bench.promote.step()
    govern.change("bank", ANN, {"always_llm": ["label=transfer"]})
    govern.change("bank", ANN, {"always_llm": None})
    assert {c.slice.excluded for c in bench.candidates} == {frozenset({(0, BAD)})}


# When it begins to serve, and after


def test_a_label_shown_bad_leaves_before_its_student_answers_anything(bench: Bench) -> None:
    """The whole passes with it: it is rare. Then the rest may serve without a proof of its own."""
    says(bench, 0, 400)
    says(bench, 1, 300)
    says(bench, BAD, 2, 6)
    founded = replace(bench.version, stage=Stage.COLLECTING, epoch=0)
    assert (bench.promote.step(), bench.version.stage, bench.version.forced) == (1, Stage.CANARY, False)
    opened, left = verdicts(bench)[-2:]
    assert (opened.verdict.ruling, opened.verdict.move, opened.champion) == (
        Ruling.PASS,
        Move.PROMOTE,
        bench.first.id,
    )
    assert (left.verdict.ruling, left.verdict.move, left.champion) == (Ruling.FAIL, Move.STEP, champion(bench).id)
    assert left.verdict.reason == (
        "label=transfer agrees less often than 93 %, as its own calls show: 2 of 8 agree (25 %). The LLM answers that "
        "from now on; the rest is served as before."
    )
    assert left.verdict.numbers == {"agree": 2.0, "disagree": 6.0, "labels": 1.0}
    assert served(bench).excluded == {(0, BAD)}
    assert candidate(bench, bench.first.id).retired == left.verdict.reason
    assert replay(founded, verdicts(bench)) == bench.version
    assert bench.promote.step() == 0


def test_a_variant_that_is_there_already_takes_its_forerunners_place(bench: Bench) -> None:
    says(bench, 0, 60)
    says(bench, BAD, 6, 10)
    bench.promote.step()
    variant = bench.candidates[1]
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id=bench.first.id))
    assert bench.promote.step() == 1
    assert champion(bench) == variant
    assert bench.candidates == [variant]


def test_of_a_champion_a_label_leaves_at_once_and_the_rest_serves_on(bench: Bench) -> None:
    go_live(bench)
    before = bench.version
    says(bench, BAD, 0, 12, audits=True)
    with bench.store.read() as work:
        assert detector(work, before, bench.first, bench.policy).alarm, "of the whole, raised by this label alone"
    assert bench.promote.step() == 1
    now = bench.version
    assert (now.stage, now.share, now.forced, now.epoch) == (Stage.LIVE, 1.0, False, before.epoch + 1)
    left = champion(bench)
    assert (left.slice.excluded, left.number, [c.id for c in bench.candidates]) == ({(0, BAD)}, 2, [left.id])
    with bench.store.read() as work:
        assert detector(work, now, left, bench.policy).value == 0, "its detector begins anew"
        assert all(work.predictions.latest(left.id, limit=200)), "the page shows the rest's own past"
        assert work.predictions.coverage(left.id) == (240, 372)
        assert work.predictions.promotion_counts(left.id) == Counts(), "which is no evidence for a promotion"
    says(bench, 0, 30, audits=True)
    assert (bench.promote.step(), bench.version.stage) == (0, Stage.LIVE)


def test_a_label_that_fell_is_told_by_its_latest_calls(bench: Bench) -> None:
    says(bench, BAD, 400)
    go_live(bench)
    for _ in range(12):
        says(bench, BAD, 0, 1, audits=True)
        says(bench, 0, 9, audits=True)
        bench.promote.step()
    assert bench.version.stage is Stage.LIVE
    (gone,) = champion(bench).departures
    assert (gone.pair, gone.fell) == ((0, BAD), True)
    assert "label=transfer agrees less often than 93 % by now" in verdicts(bench)[-1].verdict.reason


def test_the_rest_that_falls_goes_back_to_the_llm(bench: Bench) -> None:
    go_live(bench)
    says(bench, BAD, 0, 12, audits=True)
    bench.promote.step()
    for label in (0, 1) * 20:
        says(bench, label, 0, 1, audits=True)
    assert (bench.promote.step(), bench.version.stage) == (1, Stage.SHADOW)
    (again,) = bench.candidates
    assert again.slice.excluded == {(0, BAD)}, "what left stays out"


def test_where_nothing_would_be_left_the_student_goes(bench: Bench) -> None:
    bench.slice = Slice(0.8, frozenset({(0, 0), (0, 1)}))
    with bench.store.write() as work:
        only = replace(bench.first, id="only", number=2, slice=bench.slice)
        work.candidates.retire(bench.first.id, "for the test")
        work.candidates.enter(only)
        work.tasks.move(bench.version, a_verdict(), a_transition(Stage.LIVE, candidate_id="only"))
    says(bench, BAD, 0, 5, audits=True)
    assert (bench.promote.step(), bench.version.stage) == (1, Stage.SHADOW)
    assert verdicts(bench)[-1].verdict.move is Move.DEMOTE


def test_a_rest_that_the_label_had_carried_goes_back_with_it(bench: Bench) -> None:
    """The whole passed for the sake of the very label that falls now; by itself the rest agrees on 93 % only."""
    says(bench, BAD, 500)
    for label in (0, 1) * 5:
        says(bench, label, 13, 1)
    assert (bench.promote.step(), bench.version.stage) == (1, Stage.CANARY)
    for _ in range(8):
        says(bench, BAD, 0, 2, audits=True)
        says(bench, 0, 13, 1, audits=True)
        bench.promote.step()
    assert bench.version.stage is Stage.SHADOW
    row = verdicts(bench)[-1]
    assert (row.verdict.ruling, row.verdict.move, row.champion) == (Ruling.FAIL, Move.DEMOTE, None)
    assert "The rest is not shown to be above 95 % by itself: " in row.verdict.reason
    (again,) = bench.candidates
    assert (again.slice.excluded, again.number) == ({(0, BAD)}, 2), "the rest may earn it"
    assert again.departures[0].pair == (0, BAD)


def test_clients_that_ask_again_are_no_label_s_fault(bench: Bench) -> None:
    for label in (0, 1, BAD):
        says(bench, label, 60)
    bench.promote.step()
    for _ in range(6):  # too seldom to be an alarm
        says(bench, 0, 8, audits=True)
        says(bench, BAD, 0, 1, audits=True)
    with bench.store.read() as work:
        assert LabelsWatched().leaving(work, bench.version, champion(bench), bench.policy)
    asked(bench, 4, local=True, again=True)
    assert (bench.promote.step(), bench.version.stage) == (1, Stage.SHADOW)
    assert verdicts(bench)[-1].verdict.numbers[ASKED_AGAIN] > 0


def test_in_canary_the_rest_must_show_its_step_anew(bench: Bench) -> None:
    for label in (0, 1, BAD):
        says(bench, label, 60)
    bench.promote.step()
    says(bench, 0, 45, audits=True)
    says(bench, BAD, 0, 9, audits=True)
    assert (bench.promote.step(), bench.version.share) == (1, 0.05)
    assert champion(bench).slice.excluded == {(0, BAD)}
    says(bench, 0, 49, audits=True)
    assert bench.promote.step() == 0
    says(bench, 0, 1, audits=True)
    assert (bench.promote.step(), bench.version.share) == (1, 0.25)


def test_to_answer_less_needs_no_autopilot(sqlite_store: Store) -> None:
    bench = Bench(sqlite_store, policy=Policy(autopilot=False))
    for label in (0, 1, BAD):
        says(bench, label, 60)
    operate = Operate(bench.store, bench.policy, lambda: bench.at)
    operate.cutover("bank", ANN)
    says(bench, BAD, 0, 12, audits=True)
    assert (bench.promote.step(), served(bench).excluded) == (1, {(0, BAD)})


def test_a_forced_cutover_stays_one_without_the_label(bench: Bench) -> None:
    says(bench, 0, 20)
    Operate(bench.store, bench.policy, lambda: bench.at).cutover("bank", ANN, force=True)
    says(bench, BAD, 0, 6, audits=True)
    assert (bench.promote.step(), bench.version.forced, bench.version.stage) == (1, True, Stage.LIVE)
    assert served(bench).excluded == {(0, BAD)}


def test_a_watch_that_goes_on_equals_one_from_the_start(bench: Bench) -> None:
    go_live(bench)
    going_on = LabelsWatched()
    for agree, disagree in ((3, 1), (0, 2), (5, 1)):
        says(bench, BAD, agree, disagree, audits=True)
        with bench.store.read() as work:
            afresh = LabelsWatched()
            for watch in (going_on, afresh):
                watch.leaving(work, bench.version, bench.first, bench.policy)
            assert going_on.watch == replace_detectors(going_on.watch, afresh.watch)
            rows = work.predictions.said(bench.first.id, 0, since=bench.version.stage_seq)
            assert afresh.seen == rows[-1][0]


def replace_detectors(one: LabelWatch | None, other: LabelWatch | None) -> LabelWatch | None:
    """The first with the other's detectors where they say the same: detectors are compared by what they say."""
    assert one is not None
    assert other is not None
    states = [{pair: d.state for pair, d in watch._detectors.items()} for watch in (one, other)]
    assert states[0] == states[1]
    return replace(other, _detectors=one._detectors)


# What people say


def test_where_people_certify_their_word_is_what_labels_are_held_to(sqlite_store: Store) -> None:
    line: Lineage = found(sqlite_store)
    line.calls(20)
    line.move(Stage.SHADOW)
    made = line.candidate(line.student())
    line.evidence(made, agree=40, disagree=40)
    by_teacher, by_people = Policy(), Policy(gate_on=PEOPLE)
    with line.store.read() as work:
        assert shown_bad(work, line.now, made, by_teacher)
        assert shown_bad(work, line.now, made, by_people) == (), "nobody has said anything yet"
        assert evidence_by_answer(work, made, by_people) == {}
        assert LabelsWatched().leaving(work, line.now, made, by_people) == ()


def test_alpha_is_shared_by_the_labels_that_the_slice_may_hold(bench: Bench) -> None:
    narrower = replace(bench.first, slice=Slice(0.8, frozenset({(0, 1)})))
    assert bar_of(bench.version, bench.first, bench.policy).labels == 3
    assert bar_of(bench.version, narrower, bench.policy).labels == 2
