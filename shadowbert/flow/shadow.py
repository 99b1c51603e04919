"""The station where students predict logged calls, so that their agreement with the teacher can be counted.

Costs a caller nothing: it works on the log, in the worker, with the very artifact that serves. Judges nobody.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.records import CallRow, CandidateRow, PredictionRow, StudentRow, VersionRow
from shadowbert.domain.student import Guess, Prediction
from shadowbert.domain.task import Stage
from shadowbert.errors import InputTooLong, StaleState, StudentError
from shadowbert.flow.evidence import mismatch
from shadowbert.flow.ledger import Ledger, Work

log = logging.getLogger(__name__)

BATCH = 200


class Shelf(Protocol):
    """The students at hand in this process."""

    def guess(self, student_id: str, artifact: str, text: str) -> Guess:
        """One input at a time, as serving does. Raises StudentError; InputTooLong where it would have to cut."""
        ...


@dataclass(frozen=True, slots=True)
class Shadow:
    ledger: Ledger
    shelf: Shelf
    clock: Callable[[], float]

    def step(self) -> int:
        """Show each active candidate its next batch of calls. Returns how many calls were looked at."""
        with self.ledger.read() as work:
            versions = [version for version in work.tasks.versions() if version.replaced_by is None]
            pairs = [(version, c) for version in versions for c in work.candidates.active(version.id)]
        return sum(self._follow(version, candidate) for version, candidate in pairs)

    def _follow(self, version: VersionRow, candidate: CandidateRow) -> int:
        with self.ledger.read() as work:
            calls = work.calls.after(version.id, work.candidates.cursor(candidate.id), limit=BATCH)
            student = work.students.get(candidate.student_id)
        if not calls or student is None:
            return 0
        evidence = [call for call in calls if call.eligible and call.decider.uniform and call.answer is not None]
        # Without evidence one guess all the same: a champion whose files are gone answers nothing that could show it.
        heard = evidence or calls[-1:]
        try:
            guesses = [(call, self._guess(student, call)) for call in heard]
        except StudentError as error:
            self._give_up(version, candidate, error)
            return 0
        said = [(call, guess) for call, guess in guesses[: len(evidence)] if guess is not None]
        batch = _Batch(candidate, student, [c for c, _ in said], [g for _, g in said])
        try:
            with self.ledger.write() as work:
                work.candidates.move_cursor(candidate.id, calls[-1].seq)
                self._record(work, version, batch)
        except StaleState as error:
            log.info("task %s: %s", version.task, error)
            return 0
        return len(calls)

    def _guess(self, student: StudentRow, call: CallRow) -> Guess | None:
        """None for an input that is longer than what the student reads: such a call is not eligible, so no evidence."""
        try:
            return self.shelf.guess(student.id, student.artifact, call.input)
        except InputTooLong:
            return None

    def _record(self, work: Work, version: VersionRow, batch: "_Batch") -> None:
        hashes = [call.input_hash for call in batch.calls]
        trained = work.calls.trained_inputs(version.id, batch.student.cutoff_seq, hashes)
        trained -= work.students.left_out(batch.student.id, hashes)
        rows = batch.rows(trained, work.predictions.met(batch.student.id, hashes))
        work.predictions.add(rows, [call.answer for call in batch.calls])
        if batch.candidate.id == version.candidate_id and not all(row.agreed for row in rows):
            work.mirror.touch()  # the web processes learn on which inputs this student is known to disagree
        if any(row.repeated is False for row in rows):
            said = mismatch(work.predictions.repeats(batch.student.id))
            if said is not None:
                log.error("task %s: %s", version.task, said)

    def _give_up(self, version: VersionRow, candidate: CandidateRow, error: StudentError) -> None:
        """A student whose files are gone, or that says no number, serves nobody and holds up no other."""
        log.error("task %s: student withdrawn: %s", version.task, error)
        with self.ledger.write() as work:
            work.candidates.retire(candidate.id, str(error))
            now = work.tasks.version(version.id)
            if now is None or now.candidate_id != candidate.id:
                return
            stage = Stage.SHADOW if now.stage.serves else now.stage
            verdict = Verdict(Ruling.FAIL, Move.DEMOTE, str(error), missing="another student", stage=stage, share=0.0)
            at = self.clock()
            work.tasks.move(now, verdict, Transition(stage, 0.0, None, by="gate", why=str(error), at=at, held=now.held))
            work.jobs.queue(now.id, cause=f"student withdrawn: {error}", at=at)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Calls that count, and what the student says of each."""

    candidate: CandidateRow
    student: StudentRow
    calls: Sequence[CallRow]
    guesses: Sequence[Guess]

    def rows(self, trained: set[str], met: Mapping[str, int]) -> list[PredictionRow]:
        """`met`: the load sequence at which this student first met an input, under whatever slice."""
        first = dict(met)
        rows = []
        for call, guess in zip(self.calls, self.guesses, strict=True):
            new = call.input_hash not in trained and first.setdefault(call.input_hash, call.seq) >= call.seq
            rows.append(self._row(call, guess, distinct=new))
        return rows

    def _row(self, call: CallRow, guess: Guess, *, distinct: bool) -> PredictionRow:
        """What the web process would have served is the evidence, where it said so; else the same artifact's word."""
        candidate = self.candidate
        here = Prediction(candidate.student_id, candidate.id, guess, in_slice=candidate.slice.holds(guess))
        by_web = call.prediction if call.prediction and call.prediction.candidate_id == candidate.id else None
        counted = by_web or here
        return PredictionRow(
            exchange_id=call.exchange_id,
            candidate_id=candidate.id,
            student_id=candidate.student_id,
            version_id=call.version_id,
            seq=call.seq,
            input_hash=call.input_hash,
            prediction=counted,
            agreed=counted.guess.answer == call.answer,
            uniform=call.decider.uniform,
            distinct=distinct,
            served=False,
            by_web=by_web is not None,
            repeated=None if by_web is None else _same(by_web, here),
        )


def _same(one: Prediction, other: Prediction) -> bool:
    return (one.guess.answer, one.in_slice) == (other.guess.answer, other.in_slice)
