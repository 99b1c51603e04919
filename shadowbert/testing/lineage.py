"""Fills a real store with the small bank's task: calls, students, candidates and evidence, as stations leave them.

Decides nothing and predicts nothing: who agrees on what is said by the caller.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.exchange import CallNote, Exchange
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import CallRow, CandidateRow, PredictionRow, StudentRow, VersionRow
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.student import Guess, Prediction, Slice
from shadowbert.domain.task import Stage
from shadowbert.flow.candidates import enter
from shadowbert.recognition.fingerprint import input_hash
from shadowbert.store.store import Store, Transaction
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.factories import LABELS
from shadowbert.testing.factories import version as a_published_version

NOW = 1_760_000_000.0
SHADOWED = Route(Source.LLM, Reason.SHADOW, Decider.STAGE)
SERVED = Route(Source.STUDENT, Reason.SURE, Decider.STUDENT, 0.05)


def found(store: Store, **changes: object) -> "Lineage":
    """A version that collect has just founded; any of its fields by name, and the task's id."""
    given = a_published_version(Stage.COLLECTING)
    version = VersionRow(
        id=uuid7(),
        task_id=uuid7(),
        task=given.task,
        tenant=given.tenant,
        teacher=given.teacher,
        contract=given.contract,
        skeleton=given.skeleton,
        stage=Stage.COLLECTING,
        share=0.0,
        epoch=0,
        stage_seq=0,
        candidate_id=None,
        forced=False,
        held=False,
        created_at=NOW,
    )
    version = replace(version, **changes)  # type: ignore[arg-type]
    with store.write() as work:
        work.tasks.found(version)
    return Lineage(store, version.id)


@dataclass(slots=True)
class Lineage:
    """One version in a store, and hands to write its rows with."""

    store: Store
    version_id: str
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def now(self) -> VersionRow:
        with self.store.read() as work:
            version = work.tasks.version(self.version_id)
        if version is None:
            raise AssertionError("the version was founded")
        return version

    def calls(self, number: int, *, route: Route = SHADOWED, unfit: str | None = None) -> list[CallRow]:
        """So many eligible calls on new inputs, loaded and collected. The teacher says each label in turn."""
        texts = [f"message {next(self._numbers)} of {self.version_id}" for _ in range(number)]
        with self.store.write() as work:
            rows = self._loaded(work, texts, route, unfit)
            work.calls.add(rows)
        return rows

    def labelled(self, *said: tuple[str, int], caller: str = "") -> list[CallRow]:
        """Calls of this caller on these inputs with these labels of the teacher, loaded and collected."""
        with self.store.write() as work:
            rows = self._loaded(work, [text for text, _ in said], SHADOWED, None)
            told = [replace(row, answer=(label,), caller=caller) for row, (_, label) in zip(rows, said, strict=True)]
            work.calls.add(told)
        return told

    def student(
        self, *, number: int = 1, artifact: str = "nowhere", examples: int = 200, **scores: float
    ) -> StudentRow:
        """Trained on every call so far."""
        with self.store.write() as work:
            student = StudentRow(
                id=uuid7(),
                version_id=self.version_id,
                number=number,
                cutoff_seq=work.exchanges.last_seq(),
                artifact=artifact,
                recipe="probe",
                examples=examples,
                created_at=NOW,
                scores=scores,
            )
            work.students.add(student)
        return student

    def candidate(self, student: StudentRow, *, threshold: float = 0.9) -> CandidateRow:
        version = self.now
        with self.store.write() as work:
            return enter(work, student, version, Slice(threshold), at=NOW, expected_coverage=0.8)

    def evidence(self, candidate: CandidateRow, *, agree: int = 0, disagree: int = 0, unsure: int = 0) -> None:
        """Calls on which the candidate agrees, then disagrees, then is not sure."""
        calls = self.calls(agree + disagree + unsure)
        sayings = [True] * agree + [False] * disagree + [None] * unsure
        rows = [_prediction(call, candidate, said) for call, said in zip(calls, sayings, strict=True)]
        with self.store.write() as work:
            work.predictions.add(rows, [call.answer for call in calls])
            if calls:
                work.candidates.move_cursor(candidate.id, calls[-1].seq)

    def move(
        self, stage: Stage, *, share: float = 0.0, candidate: CandidateRow | None = None, **marks: bool
    ) -> VersionRow:
        """By the gate, unless `forced` or `held` say otherwise."""
        version = self.now
        verdict = Verdict(Ruling.PASS, Move.STEP, "Moved.", stage=stage, share=share)
        champion = candidate.id if candidate else None
        with self.store.write() as work:
            to = Transition(stage, share, champion, by="gate", why="Moved.", at=NOW, **marks)
            return work.tasks.move(version, verdict, to)

    def _loaded(self, work: Transaction, texts: Sequence[str], route: Route, unfit: str | None) -> list[CallRow]:
        exchanges = [self._exchange(text, route) for text in texts]
        work.exchanges.load(uuid7(), start=0, end=1, batch=exchanges)
        logged = sorted(work.exchanges.by_ids([e.id for e in exchanges]), key=lambda row: row.seq)
        notes = {e.id: e.call for e in exchanges if e.call}
        return [self._call(row.id, row.seq, notes[row.id], route, unfit) for row in logged]

    def _exchange(self, text: str, route: Route) -> Exchange:
        note = CallNote(self.version_id, text, input_hash(text), eligible=True)
        return an_exchange(route=route, call=note, total_ms=4.0 if route.source is Source.STUDENT else 640.0)

    def _call(self, exchange_id: str, seq: int, note: CallNote, route: Route, unfit: str | None) -> CallRow:
        taught = unfit is None and route.source is Source.LLM
        return CallRow(
            exchange_id=exchange_id,
            seq=seq,
            version_id=self.version_id,
            input=note.input,
            input_hash=note.input_hash,
            source=route.source,
            decider=route.decider,
            p_llm=route.p_llm,
            eligible=True,
            answer=(seq % len(LABELS),) if taught else None,
            unfit=unfit or (None if taught else "by_student"),
        )


def _prediction(call: CallRow, candidate: CandidateRow, agrees: bool | None) -> PredictionRow:  # noqa: FBT001 - as its column is
    teacher = call.answer or (0,)
    said = teacher if agrees is not False else ((teacher[0] + 1) % len(LABELS),)
    joint = 0.5 if agrees is None else 0.99
    guess = Guess(said, (joint,), joint)
    return PredictionRow(
        exchange_id=call.exchange_id,
        candidate_id=candidate.id,
        student_id=candidate.student_id,
        version_id=call.version_id,
        seq=call.seq,
        input_hash=call.input_hash,
        prediction=Prediction(candidate.student_id, candidate.id, guess, in_slice=candidate.slice.holds(guess)),
        agreed=said == teacher,
        uniform=True,
        distinct=True,
        served=False,
        by_web=False,
    )
