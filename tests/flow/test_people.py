"""A candidate judged by people: drawn calls certify, corrections from an inbox do not."""

from dataclasses import replace

import numpy as np
import pytest

from shadowbert.domain.evidence import Counts, Move, Ruling
from shadowbert.domain.records import CandidateRow
from shadowbert.domain.task import PEOPLE, TEACHER, Policy, Stage
from shadowbert.flow.correct import Correct
from shadowbert.flow.draw import Draw, Wanted
from shadowbert.flow.evidence import Standing, promotion_counts, serving_verdict, stand
from shadowbert.flow.operate import Operator
from shadowbert.flow.people import people_alarm, watched
from shadowbert.flow.promote import Promote
from shadowbert.gating.drift import ALARM_AT
from shadowbert.gating.eprocess import alpha_share, lower_bound
from shadowbert.store.store import Store
from shadowbert.testing.factories import LABELS
from shadowbert.testing.lineage import NOW, Lineage, found
from tests.gating.simulate import ever_at_least, log_e_paths

WHO = Operator("maria", "a sample")
POLICY = Policy(gate_on=PEOPLE)
ROWS, WRONG_LLM = 150, 30
"""Of so many calls, those on which the LLM contradicts the student."""


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)


@pytest.fixture
def candidate(line: Lineage) -> CandidateRow:
    """It agrees with the LLM on four calls of five."""
    line.calls(20)
    line.move(Stage.SHADOW)
    candidate = line.candidate(line.student())
    line.evidence(candidate, agree=ROWS - WRONG_LLM, disagree=WRONG_LLM)
    return candidate


def standing(line: Lineage, candidate: CandidateRow, policy: Policy = POLICY) -> Standing:
    with line.store.read() as work:
        return stand(work, line.now, candidate, policy)


def said_by_student(line: Lineage, candidate: CandidateRow) -> dict[str, int]:
    """By exchange: its label."""
    with line.store.read() as work:
        calls = work.calls.after(line.version_id, candidate.start_seq, limit=1_000)
        wrong = {call.exchange_id for call in calls[ROWS - WRONG_LLM : ROWS]}
        return {c.exchange_id: ((c.answer or (0,))[0] + (c.exchange_id in wrong)) % len(LABELS) for c in calls}


def answered(line: Lineage, candidate: CandidateRow, count: int, *, wrong: int = 0, skipped: int = 0) -> None:
    """People find the student right on so many drawn calls, but for some on which it is wrong, or nobody can say."""
    draw, student = Draw(line.store, lambda: NOW), said_by_student(line, candidate)
    draw.draw("bank", WHO, Wanted(count, 11))
    for number in range(count):
        waiting = draw.next("bank")
        assert waiting is not None
        if number < skipped:
            draw.skip("bank", WHO, waiting.exchange)
        else:
            label = (student[waiting.exchange] + (number < skipped + wrong)) % len(LABELS)
            draw.answer("bank", WHO, waiting.exchange, {"label": LABELS[label]})


def test_people_may_find_a_student_right_that_the_llm_contradicts(line: Lineage, candidate: CandidateRow) -> None:
    by_teacher = standing(line, candidate, Policy()).verdict
    assert by_teacher.reason.startswith("Agreement is below 95 %: 120 of 150 agree (80 %).")
    answered(line, candidate, 120)
    by_people = standing(line, candidate)
    assert by_people.counts == Counts(120, 0)
    assert (by_people.verdict.ruling, by_people.verdict.move) == (Ruling.PASS, Move.PROMOTE)
    assert by_people.verdict.reason == "Agreement with people is above 95 %: 120 of 120 agree (100 %)."
    assert standing(line, candidate, Policy()).verdict == by_teacher, "what people say is no agreement with the LLM"


def test_what_is_missing_names_the_way_to_it(line: Lineage, candidate: CandidateRow) -> None:
    nobody = standing(line, candidate).verdict
    assert nobody.reason.startswith("Not yet shown to agree with people on more than 95 %: no rows yet")
    assert nobody.missing.endswith(", drawn at random and answered by people (shadowbert draw)")
    answered(line, candidate, 60, wrong=20)
    assert standing(line, candidate).verdict.reason == (
        "Agreement with people is below 95 %: 40 of 60 agree (66.6 %). The weakest label is label=account: 14 of 23 "
        "agree (60.8 %)."
    )


def test_inbox_corrections_do_not_certify(line: Lineage, candidate: CandidateRow) -> None:
    correct = Correct(line.store, lambda: NOW)
    for exchange, label in said_by_student(line, candidate).items():
        correct.label("bank", WHO, exchange, {"label": LABELS[label]})
    assert standing(line, candidate).counts == Counts()


def test_who_skips_much_certifies_nothing(line: Lineage, candidate: CandidateRow) -> None:
    answered(line, candidate, 140, skipped=8)
    verdict = standing(line, candidate).verdict
    assert verdict.reason.startswith("5.7 % of drawn calls brought no answer to compare with (8 of 140)")
    assert verdict.move is Move.HOLD


def test_what_was_drawn_before_the_candidate_entered_or_lies_outside_its_slice_is_no_evidence(line: Lineage) -> None:
    line.calls(30)
    student = line.student()
    Draw(line.store, lambda: NOW).draw("bank", WHO, Wanted(10, 1, everything=True))
    candidate = line.candidate(student)
    line.evidence(candidate, agree=2, unsure=3)
    draw = Draw(line.store, lambda: NOW)
    draw.draw("bank", WHO, Wanted(10, 2))
    while waiting := draw.next("bank"):
        draw.answer("bank", WHO, waiting.exchange, {"label": LABELS[0]})
    with line.store.read() as work:
        assert len([row for row in work.draws.of_version(line.version_id) if row.answer]) == 15
        assert promotion_counts(work, candidate, POLICY).rows == 2


def test_the_gate_moves_on_an_answer_though_no_call_came(line: Lineage, candidate: CandidateRow) -> None:
    promote = Promote(line.store, POLICY, lambda: NOW)
    answered(line, candidate, 60)
    assert promote.step() == 0
    assert line.now.stage is Stage.SHADOW
    answered(line, candidate, 60)
    assert promote.step() == 1
    assert (line.now.stage, line.now.candidate_id) == (Stage.CANARY, candidate.id)


def test_audits_are_held_to_what_the_agreement_was_when_people_certified(
    line: Lineage, candidate: CandidateRow
) -> None:
    answered(line, candidate, 120)
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    for _ in range(30):
        line.evidence(candidate, agree=4, disagree=1)
    with line.store.read() as work:
        version = line.now
        held_to = watched(work, version, candidate, POLICY)
        assert held_to.target == pytest.approx(lower_bound(Counts(120, 30), alpha=POLICY.alpha))
        assert watched(work, version, candidate, held_to) == held_to
        assert watched(work, version, candidate, Policy()) == Policy()
        assert serving_verdict(work, version, candidate, POLICY).move is Move.HOLD
        assert serving_verdict(work, version, candidate, Policy()).move is Move.DEMOTE
    line.evidence(candidate, disagree=60)
    with line.store.read() as work:
        assert serving_verdict(work, line.now, candidate, POLICY).move is Move.DEMOTE, "it is no longer as it was"


def test_people_who_find_it_wrong_after_the_cut_over_take_it_down(line: Lineage, candidate: CandidateRow) -> None:
    line.move(Stage.LIVE, share=1.0, candidate=candidate)
    line.evidence(candidate, agree=60)
    answered(line, candidate, 60 + ROWS, wrong=60 + ROWS)
    with line.store.read() as work:
        assert people_alarm(work, line.now, candidate, POLICY) >= ALARM_AT
        assert people_alarm(work, line.now, candidate, replace(POLICY, gate_on=TEACHER)) == 0.0
        assert serving_verdict(work, line.now, candidate, POLICY).move is Move.DEMOTE


def test_random_draws_keep_alpha_where_chosen_corrections_would_not() -> None:
    """A student that is right on 94.5 % of calls, half a point below the target, looked at after every answer. People
    who correct what they stumble on look at 300 calls and pick those where the LLM was wrong and the student is right
    three times as often as any other: of what they chose, 98 % speak for it.
    """
    level = -np.log(alpha_share(1, POLICY.alpha))
    drawn = log_e_paths(POLICY.target, 0.945, runs=1_000, rows=1_000, seed=5)
    odds = 3 * 0.945 / 0.055
    chosen = log_e_paths(POLICY.target, odds / (1 + odds), runs=1_000, rows=1_000, seed=6)
    assert ever_at_least(drawn, level) <= POLICY.alpha
    assert ever_at_least(chosen, level) > 0.9
