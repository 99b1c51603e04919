"""Rows of one small task, any field changed by name; what must be there first is put there by `a_house`."""

from dataclasses import dataclass, replace
from typing import Any

from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import CallRow, CandidateRow, PredictionRow, StudentRow, VersionRow
from shadowbert.domain.route import Decider, Source
from shadowbert.domain.student import Guess, Prediction, Slice
from shadowbert.domain.task import Stage
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.factories import TEACHER
from shadowbert.testing.factories import version as published

AT = 1_760_000_000.0


def a_version(**changes: Any) -> VersionRow:
    like = published()
    row = VersionRow(
        id=uuid7(),
        task_id=uuid7(),
        task="bank",
        tenant="default",
        teacher=TEACHER,
        contract=like.contract,
        skeleton=like.skeleton,
        stage=Stage.COLLECTING,
        share=0.0,
        epoch=0,
        stage_seq=0,
        candidate_id=None,
        forced=False,
        held=False,
        created_at=AT,
    )
    return replace(row, **changes)


def a_student(version: VersionRow, **changes: Any) -> StudentRow:
    row = StudentRow(
        id=uuid7(),
        version_id=version.id,
        number=1,
        cutoff_seq=0,
        artifact="memory",
        recipe="probe",
        examples=200,
        created_at=AT,
        scores={"heldout": 0.97},
    )
    return replace(row, **changes)


def a_candidate(student: StudentRow, version: VersionRow, **changes: Any) -> CandidateRow:
    row = CandidateRow(
        id=uuid7(),
        task_id=version.task_id,
        version_id=version.id,
        student_id=student.id,
        number=1,
        slice=Slice(0.8, frozenset({(0, 2)})),
        start_seq=0,
        expected_coverage=0.7,
        entered_at=AT,
    )
    return replace(row, **changes)


def a_call(version: VersionRow, exchange_id: str, seq: int, **changes: Any) -> CallRow:
    row = CallRow(
        exchange_id=exchange_id,
        seq=seq,
        version_id=version.id,
        input=f"text {seq}",
        input_hash=f"i1:{seq}",
        source=Source.LLM,
        decider=Decider.STAGE,
        p_llm=1.0,
        eligible=True,
        answer=(1,),
        unfit=None,
    )
    return replace(row, **changes)


def a_prediction(candidate: CandidateRow, seq: int, *, inside: bool = True, **changes: Any) -> PredictionRow:
    """Of the second label with 99 %."""
    guess = Guess((1,), (0.99,), 0.99)
    row = PredictionRow(
        exchange_id=uuid7(),
        candidate_id=candidate.id,
        student_id=candidate.student_id,
        version_id=candidate.version_id,
        seq=seq,
        input_hash=f"i1:{seq}",
        prediction=Prediction(candidate.student_id, candidate.id, guess, in_slice=inside),
        agreed=True,
        uniform=True,
        distinct=True,
        served=False,
        by_web=False,
    )
    return replace(row, **changes)


@dataclass(frozen=True)
class House:
    """A version in shadow with one student and one candidate, as they are in the store."""

    version: VersionRow
    student: StudentRow
    candidate: CandidateRow


def a_house(store: Store, **changes: Any) -> House:
    """`changes` are the candidate's."""
    version = a_version()
    student = a_student(version)
    candidate = a_candidate(student, version, **changes)
    with store.write() as work:
        work.tasks.found(version)
        work.students.add(student)
        work.candidates.enter(candidate)
        version = work.tasks.move(version, a_verdict(), a_transition(Stage.SHADOW))
    return House(version, student, candidate)


def a_verdict(**changes: Any) -> Verdict:
    return replace(Verdict(Ruling.INCONCLUSIVE, Move.STEP, "because", numbers={"agree": 3.0}), **changes)


def a_transition(stage: Stage, **changes: Any) -> Transition:
    share = {Stage.CANARY: 0.05, Stage.LIVE: 1.0}.get(stage, 0.0)
    return replace(Transition(stage, share, None, by="gate", why="because", at=AT), **changes)


def loaded(store: Store, count: int, *, segment: str = "rows", **changes: Any) -> list[str]:
    """The ids of so many exchanges put into the store, in load sequence."""
    rows = [an_exchange(**changes) for _ in range(count)]
    sink = StoreSink(store)
    start = sink.offset(segment)
    sink.load(segment, start=start, end=start + count, exchanges=rows)
    return [row.id for row in rows]
