"""Shadow on a real store: which calls become evidence, once, and by whose word."""

import logging

import pytest

from shadowbert.domain.evidence import Counts
from shadowbert.domain.records import CallRow
from shadowbert.domain.route import Decider
from shadowbert.domain.student import Slice
from shadowbert.domain.task import Stage
from shadowbert.flow.candidates import enter, retire_and_reenter
from shadowbert.flow.evidence import mismatch, serving_verdict, stand
from shadowbert.flow.shadow import BATCH
from shadowbert.store.store import Store
from tests.flow.stationed import AUDITED, Bench, a_guess
from tests.store.rows import a_transition, a_verdict


@pytest.fixture
def bench(sqlite_store: Store) -> Bench:
    return Bench(sqlite_store)


def counts(bench: Bench, candidate_id: str | None = None) -> Counts:
    """What counts for promotion."""
    with bench.store.read() as work:
        return work.predictions.promotion_counts(candidate_id or bench.first.id)


def audits(bench: Bench) -> Counts:
    with bench.store.read() as work:
        return work.predictions.audit_counts(bench.first.id, 0)


def serve(bench: Bench, stage: Stage = Stage.LIVE) -> None:
    with bench.store.write() as work:
        work.tasks.move(bench.version, a_verdict(), a_transition(stage, candidate_id=bench.first.id))


def test_agreement_is_the_whole_answer_in_the_slice(bench: Bench) -> None:
    rows = bench.calls(4)
    bench.shelf.says = {rows[1].input: a_guess(0), rows[2].input: a_guess(1, joint=0.5), rows[3].input: a_guess(0, 0.5)}
    bench.run()
    assert counts(bench) == Counts(1, 1)
    with bench.store.read() as work:
        assert work.predictions.coverage(bench.first.id) == (2, 4)
        assert work.predictions.known_disagreements(bench.student.id) == {rows[1].input_hash, rows[3].input_hash}


@pytest.mark.parametrize("decider", Decider)
def test_only_uniform_rows_count(bench: Bench, decider: Decider) -> None:
    bench.calls(3, decider=decider)
    bench.run()
    expected = 3 if decider in (Decider.STAGE, Decider.COIN, Decider.SHARE) else 0
    assert counts(bench).rows == audits(bench).rows == expected


def test_only_eligible_calls_with_a_label_count(bench: Bench) -> None:
    bench.calls(2, eligible=False)
    bench.calls(2, answer=None, unfit="refusal")
    bench.run()
    assert (counts(bench).rows, audits(bench).rows) == (0, 0)


def test_calls_before_the_candidates_start_do_not_count(bench: Bench) -> None:
    bench.calls(5)
    late = bench.newcomer()
    bench.calls(3)
    bench.run()
    assert (counts(bench).rows, counts(bench, late.id).rows) == (8, 3)


def test_inputs_the_student_was_trained_on_are_no_new_evidence(bench: Bench) -> None:
    trained = bench.calls(5)
    late = bench.newcomer()
    bench.add([bench.call(row.input) for row in trained])
    bench.calls(2)
    bench.run()
    assert counts(bench, late.id) == Counts(2, 0)
    with bench.store.read() as work:
        assert work.predictions.audit_counts(late.id, 0) == Counts(7, 0)


def test_they_are_not_even_after_their_rows_are_forgotten(bench: Bench) -> None:
    trained = bench.calls(5)
    late = bench.newcomer()
    with bench.store.write() as work:
        work.exchanges.forget_rows(float("inf"))
    bench.add([bench.call(row.input) for row in trained])
    bench.run()
    assert counts(bench, late.id).rows == 0


@pytest.mark.parametrize("together", [True, False])
def test_an_input_counts_once_however_often_it_comes(bench: Bench, together: bool) -> None:
    for _ in range(3):
        bench.add([bench.call("the same")])
        if not together:
            bench.run()
    bench.run()
    assert (counts(bench), audits(bench)) == (Counts(1, 0), Counts(3, 0))


def test_a_student_that_enters_anew_meets_no_input_for_the_first_time(bench: Bench) -> None:
    rows = bench.calls(5)
    bench.run()
    with bench.store.write() as work:
        again = retire_and_reenter(work, bench.first, why="it fell", at=bench.at)
    assert again is not None
    bench.add([bench.call(row.input) for row in rows])
    bench.calls(2)
    bench.run()
    assert (counts(bench, again.id), again.number) == (Counts(2, 0), 2)
    assert counts(bench) == Counts(5, 0)


def test_two_slices_of_one_student_keep_their_evidence_side_by_side(bench: Bench) -> None:
    with bench.store.write() as work:
        strict = enter(work, bench.student, bench.version, Slice(0.995), at=bench.at)
    rows = bench.calls(4)
    bench.shelf.says = {rows[0].input: a_guess(1, joint=0.999)}
    bench.run()
    assert (counts(bench).rows, counts(bench, strict.id).rows) == (4, 1)


def test_a_long_backlog_is_read_in_batches_to_its_end(bench: Bench) -> None:
    bench.calls(BATCH + 10, eligible=False)
    bench.calls(3)
    looked_at = [bench.shadow.step() for _ in range(3)]
    assert looked_at == [BATCH, 13, 0]
    assert counts(bench).rows == 3


def by_web(bench: Bench, *guesses: int) -> list[CallRow]:
    """Audited calls on which a web process ran the champion, which said these labels."""
    rows = [
        bench.call(f"web {bench.texts + n}", decider=AUDITED, prediction=bench.predicted(bench.first, a_guess(label)))
        for n, label in enumerate(guesses)
    ]
    bench.texts += len(rows)
    bench.add(rows)
    bench.run()
    return rows


def test_the_webs_word_is_the_evidence_and_the_workers_the_check(bench: Bench) -> None:
    serve(bench)
    by_web(bench, 1, 0, 1)
    assert audits(bench) == Counts(2, 1)
    with bench.store.read() as work:
        assert work.predictions.repeats(bench.student.id) == Counts(2, 1)


def test_another_candidates_word_is_not_taken(bench: Bench) -> None:
    other = bench.newcomer()
    bench.add([bench.call("x", decider=AUDITED, prediction=bench.predicted(other, a_guess(0)))])
    bench.run()
    assert (counts(bench), counts(bench, other.id)) == (Counts(1, 0), Counts(0, 1))


def test_late_predictions_are_evidence_too(bench: Bench) -> None:
    bench.add([bench.call("x", decider=AUDITED, prediction=bench.predicted(bench.first, a_guess(0), late=True))])
    bench.run()
    assert audits(bench) == Counts(0, 1)


def test_one_difference_is_luck_and_two_are_an_alarm(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    serve(bench)
    with caplog.at_level(logging.ERROR):
        by_web(bench, *[1] * 60, 0)
        assert caplog.messages == []
        by_web(bench, 0)
    said = "The worker predicts otherwise than the web processes did on 2 of 62 calls; they must match on 99.9%."
    assert caplog.messages == [f"task bank: {said}"]


def test_nothing_more_is_served_on_evidence_that_does_not_repeat(bench: Bench) -> None:
    serve(bench, Stage.CANARY)
    by_web(bench, *[1] * 400)
    with bench.store.read() as work:
        assert serving_verdict(work, bench.version, bench.first, bench.policy).move == "promote"
    by_web(bench, 0, 0)
    with bench.store.read() as work:
        verdict = serving_verdict(work, bench.version, bench.first, bench.policy)
        again = stand(work, bench.version, bench.first, bench.policy).verdict
    assert verdict.move == again.move == "hold"
    assert verdict.reason == mismatch(Counts(400, 2))


def test_a_confidence_on_the_other_side_of_the_threshold_is_a_difference(bench: Bench) -> None:
    guess = a_guess(1, joint=0.79)
    bench.add([bench.call("x", decider=AUDITED, prediction=bench.predicted(bench.first, guess))])
    bench.run()
    with bench.store.read() as work:
        assert work.predictions.repeats(bench.student.id) == Counts(0, 1)


def test_a_new_disagreement_of_the_champion_reaches_the_web(bench: Bench) -> None:
    serve(bench)
    with bench.store.read() as work:
        before = work.mirror.revision()
    bench.see(5, decider=AUDITED)
    with bench.store.read() as work:
        assert work.mirror.revision() == before
    bench.see(0, 1, decider=AUDITED)
    with bench.store.read() as work:
        table = work.mirror.table(audit_rate=0.05)
    champion = table.versions[0].champion
    assert champion is not None
    assert (table.revision, champion.known_disagreements) == (before + 1, {"i1:text 5"})


def test_a_candidate_without_files_is_withdrawn(bench: Bench) -> None:
    bench.shelf.lost.add(bench.student.id)
    bench.calls(3)
    bench.run()
    assert (bench.candidates, bench.version.stage) == ([], Stage.SHADOW)
    with bench.store.read() as work:
        kept = work.candidates.get(bench.first.id)
    assert kept is not None
    assert kept.retired == "the artifact memory has no manifest"


@pytest.mark.parametrize("stage", [Stage.CANARY, Stage.LIVE])
def test_a_champion_without_files_is_demoted_with_the_reason(bench: Bench, stage: Stage) -> None:
    serve(bench, stage)
    bench.shelf.lost.add(bench.student.id)
    bench.calls(3, decider=AUDITED)
    bench.run()
    version = bench.version
    assert (version.stage, version.share, version.candidate_id) == (Stage.SHADOW, 0.0, None)
    with bench.store.read() as work:
        last = work.tasks.verdicts([version.id])[-1]
        job = work.jobs.latest(version.id)
    assert (last.verdict.ruling, last.verdict.move, last.by) == ("fail", "demote", "gate")
    assert last.why == last.verdict.reason == "the artifact memory has no manifest"
    assert job is not None
    assert job.cause == "student withdrawn: the artifact memory has no manifest"


def test_a_champion_without_files_is_noticed_where_no_call_is_evidence(bench: Bench) -> None:
    serve(bench)
    bench.shelf.lost.add(bench.student.id)
    bench.calls(3, decider=Decider.FAULT)
    bench.run()
    assert bench.version.stage is Stage.SHADOW


@pytest.mark.parametrize("how", ["lost", "ill"])
def test_one_student_that_fails_stops_no_other(bench: Bench, how: str) -> None:
    getattr(bench.shelf, how).add(bench.student.id)
    other = bench.newcomer()
    bench.calls(3)
    bench.run()
    assert [candidate.id for candidate in bench.candidates] == [other.id]
    assert counts(bench, other.id).rows == 3


def test_what_a_student_cannot_read_whole_is_no_evidence(bench: Bench) -> None:
    bench.shelf.long.add("x" * 9000)
    bench.calls(2)
    bench.add([bench.call("x" * 9000)])
    bench.run()
    assert counts(bench, bench.first.id).rows == 2
    assert bench.candidates, "and no reason to withdraw anybody"
