"""The station where students predict logged calls, so that their agreement with the teacher can be counted.

Costs a caller nothing: it works on the log, in the worker, with the very artifact that serves. Judges nobody.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.records import CallRow, CandidateRow, PredictionRow, VersionRow
from shadowbert.domain.student import Guess, Prediction
from shadowbert.domain.task import Stage
from shadowbert.errors import ArtifactInvalid
from shadowbert.flow.ledger import Ledger, Work

log = logging.getLogger(__name__)

BATCH = 200


class Shelf(Protocol):
    """The students at hand in this process."""

    def guess(self, student_id: str, artifact: str, text: str) -> Guess:
        """One input at a time, as serving does. Raises ArtifactInvalid."""
        ...


@dataclass(frozen=True, slots=True)
class Shadow:
    ledger: Ledger
    shelf: Shelf
    clock: Callable[[], float]

    def step(self) -> int:
        """Predict up to a batch of calls for every active candidate. Returns the number of predictions made."""
        with self.ledger.read() as work:
            pairs = [(v, c) for v in work.tasks.versions() for c in work.candidates.active(v.id)]
        return sum(self._follow(version, candidate) for version, candidate in pairs)

    def _follow(self, version: VersionRow, candidate: CandidateRow) -> int:
        with self.ledger.read() as work:
            calls = work.calls.after(version.id, work.candidates.cursor(candidate.id), limit=BATCH)
            student = work.students.get(candidate.student_id)
        if not calls or student is None:
            return 0
        evidence = [call for call in calls if call.eligible and call.decider.uniform and call.answer is not None]
        try:
            predictions = [self._predict(version, candidate, call, student.artifact) for call in evidence]
        except ArtifactInvalid as error:
            self._give_up(version, candidate, error)
            return 0
        with self.ledger.write() as work:
            self._record(work, version, candidate, list(zip(evidence, predictions, strict=True)))
            work.candidates.move_cursor(candidate.id, calls[-1].seq)
        return len(evidence)

    def _predict(self, version: VersionRow, candidate: CandidateRow, call: CallRow, artifact: str) -> Prediction:
        """What the web process would have served is the evidence, where it said so; else the same artifact's word here."""
        made = call.prediction
        if made is not None and made.candidate_id == candidate.id:
            return made
        guess = self.shelf.guess(candidate.student_id, artifact, call.input)
        return Prediction(candidate.student_id, candidate.id, guess, in_slice=candidate.slice.holds(guess))

    def _record(
        self, work: Work, version: VersionRow, candidate: CandidateRow, made: Sequence[tuple[CallRow, Prediction]]
    ) -> None:
        student = work.students.get(candidate.student_id)
        seen = work.calls.trained_inputs(version.id, student.cutoff_seq) if student else set()
        seen |= work.predictions.met(candidate.id, [call.input_hash for call, _ in made])
        rows = []
        for call, prediction in made:
            rows.append(_row(call, prediction, candidate, distinct=call.input_hash not in seen))
            seen.add(call.input_hash)
        work.predictions.add(rows, [call.answer for call, _ in made])
        if candidate.id == version.candidate_id and not all(row.agreed for row in rows):
            work.mirror.touch()  # the web processes learn on which inputs this student is known to disagree

    def _give_up(self, version: VersionRow, candidate: CandidateRow, error: ArtifactInvalid) -> None:
        """A student whose files are gone or damaged gathers no evidence and serves nobody."""
        log.error("task %s: student withdrawn: %s", version.task, error)
        with self.ledger.write() as work:
            work.candidates.retire(candidate.id, str(error))
            now = work.tasks.version(version.id)
            if now is None or now.candidate_id != candidate.id:
                return
            verdict = Verdict(Ruling.FAIL, Move.DEMOTE, str(error), stage=Stage.SHADOW, share=0.0)
            work.tasks.move(now, verdict, _down(now, str(error), self.clock()))


def _down(version: VersionRow, why: str, at: float) -> Transition:
    stage = Stage.SHADOW if version.stage.serves else version.stage
    return Transition(stage, 0.0, None, by="gate", why=why, at=at, held=version.held)


def _row(call: CallRow, prediction: Prediction, candidate: CandidateRow, *, distinct: bool) -> PredictionRow:
    return PredictionRow(
        exchange_id=call.exchange_id,
        candidate_id=candidate.id,
        student_id=candidate.student_id,
        version_id=call.version_id,
        seq=call.seq,
        input_hash=call.input_hash,
        prediction=prediction,
        agreed=prediction.guess.answer == call.answer,
        uniform=call.decider.uniform,
        distinct=distinct,
        served=False,
        by_web=prediction is call.prediction,
    )
