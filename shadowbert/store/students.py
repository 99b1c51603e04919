"""Students, the candidates made of them, and the candidates' predictions: the evidence."""

from collections.abc import Collection, Sequence
from json import loads
from typing import Any

from sqlalchemy import Column, Row, Select, Text, cast, func, insert, select, true, update

from shadowbert.domain.evidence import Counts, Outcome, Pair
from shadowbert.domain.records import CandidateRow, PredictionRow, StudentRow
from shadowbert.domain.student import Slice
from shadowbert.errors import StaleState
from shadowbert.store.base import Repository
from shadowbert.store.codec import departures_of, departures_to_json, slice_of
from shadowbert.store.tables import candidates, left_out_inputs, predictions, students

MINUTE_DIGITS = 8
MINUTE_MS = 1 << (48 - 4 * MINUTE_DIGITS)
HOUR_MS = 3_600_000


class Students(Repository):
    def add(self, student: StudentRow, *, left_out: Collection[str] = ()) -> None:
        """With the inputs that it was not taught although they were known: their caller had taught its share."""
        self._db.execute(insert(students), [{name: getattr(student, name) for name in students.c.keys()}])  # noqa: SIM118 - columns, no dict
        if left_out:
            rows = [{"student_id": student.id, "input_hash": input_hash} for input_hash in left_out]
            self._db.execute(insert(left_out_inputs), rows)
        self.touch()

    def left_out(self, student_id: str, among: Sequence[str] | None = None) -> set[str]:
        """The inputs that its training left out: all of them, or those among these."""
        asked = true() if among is None else left_out_inputs.c.input_hash.in_(among)
        query = select(left_out_inputs.c.input_hash).where(left_out_inputs.c.student_id == student_id, asked)
        return set(self._db.execute(query).scalars())

    def next_number(self, version_id: str) -> int:
        query = select(func.max(students.c.number)).where(students.c.version_id == version_id)
        return int(self._db.execute(query).scalar() or 0) + 1

    def of_version(self, version_id: str) -> list[StudentRow]:
        query = select(students).where(students.c.version_id == version_id).order_by(students.c.number)
        return [_student(row) for row in self._db.execute(query)]

    def get(self, student_id: str) -> StudentRow | None:
        row = self._db.execute(select(students).where(students.c.id == student_id)).first()
        return _student(row) if row else None


class Candidates(Repository):
    def enter(self, candidate: CandidateRow) -> None:
        """Let a candidate gather evidence from the next call on."""
        row = {
            "id": candidate.id,
            "task_id": candidate.task_id,
            "version_id": candidate.version_id,
            "student_id": candidate.student_id,
            "number": candidate.number,
            "threshold": candidate.slice.threshold,
            "excluded": sorted([list(pair) for pair in candidate.slice.excluded]),
            "start_seq": candidate.start_seq,
            "cursor_seq": candidate.start_seq,
            "expected_coverage": candidate.expected_coverage,
            "entered_at": candidate.entered_at,
            "retired": candidate.retired,
            "departures": departures_to_json(candidate.departures),
        }
        self._db.execute(insert(candidates), [row])

    def next_number(self, task_id: str) -> int:
        query = select(func.max(candidates.c.number)).where(candidates.c.task_id == task_id)
        return int(self._db.execute(query).scalar() or 0) + 1

    def get(self, candidate_id: str) -> CandidateRow | None:
        row = self._db.execute(select(candidates).where(candidates.c.id == candidate_id)).first()
        return _candidate(row) if row else None

    def active(self, version_id: str) -> list[CandidateRow]:
        """Candidates that still gather evidence, oldest first."""
        return self._listed(
            select(candidates).where(candidates.c.version_id == version_id, candidates.c.retired.is_(None))
        )

    def of_version(self, version_id: str) -> list[CandidateRow]:
        return self._listed(select(candidates).where(candidates.c.version_id == version_id))

    def _listed(self, query: Select[Any]) -> list[CandidateRow]:
        return [_candidate(row) for row in self._db.execute(query.order_by(candidates.c.number))]

    def retire(self, candidate_id: str, why: str) -> None:
        self._db.execute(update(candidates).where(candidates.c.id == candidate_id).values(retired=why))

    def cursor(self, candidate_id: str) -> int:
        return int(
            self._db.execute(select(candidates.c.cursor_seq).where(candidates.c.id == candidate_id)).scalar_one()
        )

    def cursors(self, version_id: str) -> dict[str, int]:
        """How far each active candidate has come."""
        query = select(candidates.c.id, candidates.c.cursor_seq).where(
            candidates.c.version_id == version_id, candidates.c.retired.is_(None)
        )
        return {candidate: int(seq) for candidate, seq in self._db.execute(query)}

    def move_cursor(self, candidate_id: str, seq: int) -> None:
        """Never backward: a worker that slept through its lease must not undo another's work."""
        behind = (candidates.c.id == candidate_id) & (candidates.c.cursor_seq < seq)
        if self._db.execute(update(candidates).where(behind).values(cursor_seq=seq)).rowcount != 1:
            raise StaleState("another worker has looked at these calls already")


class Predictions(Repository):
    def add(self, rows: Sequence[PredictionRow], teachers: Sequence[Sequence[int] | None]) -> None:
        """Append predictions with the teacher's answers beside them."""
        if rows:
            self._db.execute(insert(predictions), [_row(r, t) for r, t in zip(rows, teachers, strict=True)])

    def met(self, student_id: str, hashes: Sequence[str]) -> dict[str, int]:
        """Which of these inputs this student has predicted, and the load sequence of the first time."""
        query = (
            select(predictions.c.input_hash, func.min(predictions.c.seq))
            .where(predictions.c.student_id == student_id, predictions.c.input_hash.in_(hashes))
            .group_by(predictions.c.input_hash)
        )
        return {input_hash: int(seq) for input_hash, seq in self._db.execute(query)}

    def promotion_counts(self, candidate_id: str) -> Counts:
        """Agreement on distinct uniform rows in the slice."""
        return self._counts((predictions.c.candidate_id == candidate_id) & predictions.c.distinct_row & _in_evidence())

    def hours(self, candidate_id: str) -> int:
        """In how many hours of the day (UTC) the promotion rows came in. An exchange's id begins with its time (UUIDv7:
        48 bits of milliseconds, here read to the minute), which outlives its row.
        """
        minute = func.substr(predictions.c.exchange_id, 1, MINUTE_DIGITS)
        where = (predictions.c.candidate_id == candidate_id) & predictions.c.distinct_row & _in_evidence()
        minutes = self._db.execute(select(minute).distinct().where(where)).scalars()
        return len({int(found, 16) * MINUTE_MS // HOUR_MS % 24 for found in minutes})

    def audit_counts(self, candidate_id: str, after: int) -> Counts:
        """Agreement on every uniform row in the slice after a load sequence."""
        return self._counts((predictions.c.candidate_id == candidate_id) & (predictions.c.seq > after) & _in_evidence())

    def _counts(self, where: Any) -> Counts:  # noqa: ANN401 - a SQL condition
        return self._tally(predictions.c.agreed, where)

    def _tally(self, column: Column[bool], where: Any) -> Counts:  # noqa: ANN401 - a SQL condition
        query = select(column, func.count()).where(where).group_by(column)
        found = {bool(value): int(n) for value, n in self._db.execute(query)}
        return Counts(agree=found.get(True, 0), disagree=found.get(False, 0))

    def audits(self, candidate_id: str, after: int) -> list[tuple[int, bool]]:
        """(load sequence, agreed) of the uniform rows in the slice after a load sequence, in order."""
        query = (
            select(predictions.c.seq, predictions.c.agreed)
            .where(predictions.c.candidate_id == candidate_id, predictions.c.seq > after, _in_evidence())
            .order_by(predictions.c.seq)
        )
        return [(int(seq), bool(agreed)) for seq, agreed in self._db.execute(query)]

    def latest(self, candidate_id: str, *, limit: int) -> list[bool]:
        """Agreements on the latest uniform rows in the slice, oldest first."""
        query = (
            select(predictions.c.agreed)
            .where(predictions.c.candidate_id == candidate_id, _in_evidence())
            .order_by(predictions.c.seq.desc())
            .limit(limit)
        )
        return [bool(agreed) for agreed in self._db.execute(query).scalars()][::-1]

    def coverage(self, candidate_id: str, *, until: int | None = None) -> tuple[int, int]:
        """(uniform rows in the slice, all uniform rows) of this candidate; up to a load sequence, if one is given."""
        early = predictions.c.seq <= until if until is not None else true()
        query = (
            select(predictions.c.in_slice, func.count())
            .where(predictions.c.candidate_id == candidate_id, predictions.c.uniform_row, early)
            .group_by(predictions.c.in_slice)
        )
        rows = {bool(inside): int(n) for inside, n in self._db.execute(query)}
        return rows.get(True, 0), sum(rows.values())

    def outcomes(self, student_id: str, *, limit: int = 20_000) -> list[Outcome]:
        """What the student said on the latest uniform rows, each call once, whatever slices it had."""
        columns = (predictions.c.exchange_id, predictions.c.answer, predictions.c.joint, predictions.c.agreed)
        query = (
            select(*columns, predictions.c.distinct_row)
            .where(predictions.c.student_id == student_id, predictions.c.uniform_row)
            .order_by(predictions.c.seq.desc(), predictions.c.distinct_row, predictions.c.candidate_id)
            .limit(limit)
        )
        found = {row.exchange_id: row for row in self._db.execute(query)}
        return [Outcome(tuple(row.answer), row.joint, row.agreed, row.distinct_row) for row in found.values()]

    def repeats(self, student_id: str) -> Counts:
        """How often the worker repeated what a web process predicted, over the rows where one did."""
        return self._tally(
            predictions.c.repeated, (predictions.c.student_id == student_id) & predictions.c.repeated.is_not(None)
        )

    def confusion(self, candidate_id: str) -> list[tuple[tuple[int, ...], tuple[int, ...], int]]:
        """(student's answer, teacher's answer, rows) on the rows that count for promotion."""
        where = (predictions.c.candidate_id == candidate_id) & predictions.c.distinct_row & _in_evidence()
        mine, theirs = cast(predictions.c.answer, Text), cast(predictions.c.teacher, Text)  # JSON knows no "equal"
        query = select(mine, theirs, func.count()).where(where).group_by(mine, theirs)
        return [
            (tuple(loads(student)), tuple(loads(teacher)), int(n)) for student, teacher, n in self._db.execute(query)
        ]

    def tally(
        self, candidate_id: str, *, since: int | None = None, until: int | None = None
    ) -> dict[tuple[int, ...], Counts]:
        """Agreement by what the student said, on the rows that count for promotion and, where the candidate has served
        since a load sequence, on every uniform row in the slice after that; up to another where one is given.
        """
        last = true() if until is None else predictions.c.seq <= until
        said = cast(predictions.c.answer, Text)
        query = (
            select(said, predictions.c.agreed, func.count())
            .where(predictions.c.candidate_id == candidate_id, last, _counting(since), _in_evidence())
            .group_by(said, predictions.c.agreed)
        )
        found: dict[tuple[int, ...], Counts] = {}
        for answer, agreed, n in self._db.execute(query):
            key = tuple(loads(answer))
            had = found.get(key, Counts())
            found[key] = Counts(had.agree + n, had.disagree) if agreed else Counts(had.agree, had.disagree + n)
        return found

    def said(self, candidate_id: str, after: int, *, since: int) -> list[tuple[int, tuple[int, ...], bool]]:
        """(load sequence, what the student said, agreed) of the same rows after a load sequence, in order."""
        query = (
            select(predictions.c.seq, predictions.c.answer, predictions.c.agreed)
            .where(predictions.c.candidate_id == candidate_id, predictions.c.seq > after)
            .where(_counting(since), _in_evidence())
            .order_by(predictions.c.seq)
        )
        return [(int(seq), tuple(answer), bool(agreed)) for seq, answer, agreed in self._db.execute(query)]

    def hand_on(self, candidate_id: str, to: str, served: Slice, *, latest: int) -> None:
        """Show beside a candidate with a narrower slice what its forerunner said on its latest uniform calls. None of
        these rows is evidence for promotion, and none is put over one of its own.
        """
        own = select(predictions.c.exchange_id).where(predictions.c.candidate_id == to)
        query = (
            select(predictions)
            .where(predictions.c.candidate_id == candidate_id, predictions.c.uniform_row)
            .where(predictions.c.exchange_id.not_in(own))
            .order_by(predictions.c.seq.desc())
            .limit(latest)
        )
        rows = [dict(row) for row in self._db.execute(query).mappings()]
        for row in rows:
            inside = row["in_slice"] and served.excluded.isdisjoint(enumerate(row["answer"]))
            row.update(candidate_id=to, in_slice=inside, distinct_row=False, repeated=None)
        if rows:
            self._db.execute(insert(predictions), rows)

    def pairs(self, champion_id: str, challenger_id: str) -> list[Pair]:
        """The uniform rows that both candidates predicted and the teacher labelled, new to the challenger."""
        mine, theirs = predictions.alias("mine"), predictions.alias("theirs")
        query = (
            select(mine.c.teacher, mine.c.agreed, theirs.c.agreed)
            .join(theirs, theirs.c.exchange_id == mine.c.exchange_id)
            .where(mine.c.candidate_id == champion_id, theirs.c.candidate_id == challenger_id)
            .where(mine.c.uniform_row, mine.c.agreed.is_not(None), theirs.c.agreed.is_not(None), theirs.c.distinct_row)
        )
        return [Pair(tuple(teacher), bool(a), bool(b)) for teacher, a, b in self._db.execute(query)]

    def known_disagreements(self, student_id: str) -> set[str]:
        query = select(predictions.c.input_hash).where(
            predictions.c.student_id == student_id, predictions.c.agreed.is_(False)
        )
        return set(self._db.execute(query.distinct()).scalars())


def inputs_inside(candidate_id: str) -> Any:  # noqa: ANN401 - a SQL query
    """The inputs that this candidate has met in its slice."""
    mine = (predictions.c.candidate_id == candidate_id) & predictions.c.in_slice
    return select(predictions.c.input_hash).where(mine).distinct()


def _counting(since: int | None) -> Any:  # noqa: ANN401 - a SQL condition
    """Each input once before a candidate serves, every audit after."""
    return predictions.c.distinct_row if since is None else predictions.c.distinct_row | (predictions.c.seq > since)


def _in_evidence() -> Any:  # noqa: ANN401 - a SQL condition
    return predictions.c.uniform_row & predictions.c.in_slice & predictions.c.agreed.is_not(None)


def _row(row: PredictionRow, teacher: Sequence[int] | None) -> dict[str, Any]:
    guess = row.prediction.guess
    return {
        "exchange_id": row.exchange_id,
        "candidate_id": row.candidate_id,
        "student_id": row.student_id,
        "version_id": row.version_id,
        "seq": row.seq,
        "input_hash": row.input_hash,
        "answer": list(guess.answer),
        "confidences": list(guess.confidences),
        "joint": guess.joint,
        "ms": row.prediction.ms,
        "late": row.prediction.late,
        "in_slice": row.prediction.in_slice,
        "agreed": row.agreed,
        "teacher": None if teacher is None else list(teacher),
        "uniform_row": row.uniform,
        "distinct_row": row.distinct,
        "served": row.served,
        "by_web": row.by_web,
        "repeated": row.repeated,
    }


def _student(row: Row[Any]) -> StudentRow:
    return StudentRow(**{name: getattr(row, name) for name in students.c.keys()})  # noqa: SIM118 - columns, no dict


def _candidate(row: Row[Any]) -> CandidateRow:
    return CandidateRow(
        id=row.id,
        task_id=row.task_id,
        version_id=row.version_id,
        student_id=row.student_id,
        number=row.number,
        slice=slice_of(row),
        start_seq=row.start_seq,
        expected_coverage=row.expected_coverage,
        entered_at=row.entered_at,
        retired=row.retired,
        departures=departures_of(row),
    )
