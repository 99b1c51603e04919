"""Corrections: what people say the answer to an input should have been.

A correction hangs on its call: it is handed over with it, and forgotten with it.
"""

from sqlalchemy import delete, insert, select

from shadowbert.domain.records import Correction
from shadowbert.store.base import Repository
from shadowbert.store.tables import calls, corrections


class Corrections(Repository):
    def put(self, row: Correction) -> None:
        """In the place of any that the version has for this input."""
        same = (calls.c.version_id == row.version_id) & (calls.c.input_hash == row.input_hash)
        asked = select(calls.c.exchange_id).where(same)
        self._db.execute(delete(corrections).where(corrections.c.exchange_id.in_(asked)))
        values = {
            "exchange_id": row.exchange_id,
            "answer": list(row.answer),
            "by": row.by,
            "why": row.why,
            "at": row.at,
        }
        self._db.execute(insert(corrections), [values])

    def of_version(self, version_id: str) -> list[Correction]:
        """One an input, in the order in which they were made."""
        call = (calls.c.version_id, calls.c.input, calls.c.input_hash, calls.c.seq)
        query = (
            select(corrections, *call)
            .join(calls, calls.c.exchange_id == corrections.c.exchange_id)
            .where(calls.c.version_id == version_id)
            .order_by(corrections.c.at, corrections.c.exchange_id)
        )
        rows = self._db.execute(query).all()
        found = {row.input_hash: row for row in rows}  # of calls that were handed over two may have one input now
        return [
            Correction(
                row.exchange_id, row.version_id, row.input, row.input_hash, row.seq, tuple(row.answer), row.by, row.why,
                row.at,
            )
            for row in found.values()
        ]  # fmt: skip
