"""Calls drawn at random, and what people said of them. Knows which may be drawn; chooses none."""

from collections.abc import Sequence

from sqlalchemy import Row, func, insert, select, update

from shadowbert.domain.contract import Answer
from shadowbert.domain.draw import DrawRow, Judged
from shadowbert.store.base import Repository
from shadowbert.store.calls import UNIFORM
from shadowbert.store.tables import calls, draws, inputs, predictions


class Draws(Repository):
    def frame(self, version_id: str, after: int) -> list[tuple[str, str, Answer]]:
        """(exchange, input, the teacher's answer) of what may be drawn, oldest first: of each input that was first
        labelled after a load sequence, and was never drawn, its first eligible call that a coin or the stage sent to
        the teacher.
        """
        mine = (calls.c.version_id == version_id) & calls.c.answer.is_not(None) & (calls.c.seq > after)
        drawn = select(draws.c.input_hash).where(draws.c.version_id == version_id)
        new = (inputs.c.version_id == version_id) & (inputs.c.first_seq > after)
        first = (
            select(func.min(calls.c.seq))
            .where(mine, calls.c.eligible, calls.c.decider.in_(UNIFORM), calls.c.input_hash.not_in(drawn))
            .where(calls.c.input_hash.in_(select(inputs.c.input_hash).where(new)))
            .group_by(calls.c.input_hash)
        )
        columns = (calls.c.exchange_id, calls.c.input_hash, calls.c.answer)
        query = select(*columns).where(mine, calls.c.seq.in_(first)).order_by(calls.c.seq)
        return [(row.exchange_id, row.input_hash, tuple(row.answer)) for row in self._db.execute(query)]

    def add(self, rows: Sequence[DrawRow]) -> None:
        values = [
            {
                "exchange_id": row.exchange_id,
                "version_id": row.version_id,
                "input_hash": row.input_hash,
                "teacher": list(row.teacher),
                "seed": row.seed,
                "drawn_by": row.drawn_by,
                "drawn_at": row.drawn_at,
            }
            for row in rows
        ]
        if values:
            self._db.execute(insert(draws), values)

    def tell(self, exchange_id: str, answer: Answer | None, *, by: str, at: float) -> None:
        """What a person said of it, once and for all; None: the person could not say."""
        waiting = (draws.c.exchange_id == exchange_id) & draws.c.told_at.is_(None)
        said = None if answer is None else list(answer)
        self._db.execute(update(draws).where(waiting).values(answer=said, told_by=by, told_at=at))

    def of_version(self, version_id: str) -> list[DrawRow]:
        """In the order in which they were drawn."""
        query = select(draws).where(draws.c.version_id == version_id).order_by(draws.c.id)
        return [_draw(row) for row in self._db.execute(query)]

    def waiting(self, version_id: str) -> list[str]:
        """The exchanges that nobody has dealt with, in the order in which they were drawn; those whose call is gone
        wait for nobody.
        """
        query = (
            select(draws.c.exchange_id)
            .join(calls, calls.c.exchange_id == draws.c.exchange_id)
            .where(draws.c.version_id == version_id, calls.c.version_id == version_id, draws.c.told_at.is_(None))
            .order_by(draws.c.id)
        )
        return list(self._db.execute(query).scalars())

    def told(self, version_id: str) -> int:
        """How many people have dealt with."""
        query = select(func.count()).where(draws.c.version_id == version_id, draws.c.told_at.is_not(None))
        return int(self._db.execute(query).scalar_one())

    def judged(self, candidate_id: str) -> list[Judged]:
        """Those that people have dealt with and the candidate has predicted, in load sequence."""
        query = (
            select(draws.c.answer.label("person"), draws.c.teacher.label("said"), predictions)
            .join(predictions, predictions.c.exchange_id == draws.c.exchange_id)
            .where(predictions.c.candidate_id == candidate_id, predictions.c.uniform_row, draws.c.told_at.is_not(None))
            .order_by(predictions.c.seq)
        )
        return [_judged(row) for row in self._db.execute(query)]


def _draw(row: Row[tuple[object, ...]]) -> DrawRow:
    return DrawRow(
        exchange_id=row.exchange_id,
        version_id=row.version_id,
        input_hash=row.input_hash,
        teacher=tuple(row.teacher),
        seed=row.seed,
        drawn_by=row.drawn_by,
        drawn_at=row.drawn_at,
        answer=None if row.answer is None else tuple(row.answer),
        told_by=row.told_by,
        told_at=row.told_at,
    )


def _judged(row: Row[tuple[object, ...]]) -> Judged:
    return Judged(
        seq=row.seq,
        person=None if row.person is None else tuple(row.person),
        teacher=tuple(row.said),
        student=tuple(row.answer),
        in_slice=row.in_slice,
        fresh=row.distinct_row,
    )
