"""What the teacher said when it was asked again by an operator: rows that are only ever added."""

from collections.abc import Sequence

from sqlalchemy import Row, insert, select

from shadowbert.domain.records import ProbeRow
from shadowbert.store.base import Repository
from shadowbert.store.students import inputs_inside
from shadowbert.store.tables import probes


class Probes(Repository):
    def add(self, rows: Sequence[ProbeRow]) -> None:
        values = [
            {
                "version_id": row.version_id,
                "input_hash": row.input_hash,
                "first": list(row.first),
                "again": None if row.again is None else list(row.again),
                "unfit": row.unfit,
                "by": row.by,
                "at": row.at,
            }
            for row in rows
        ]
        if values:
            self._db.execute(insert(probes), values)

    def of_version(self, version_id: str, *, inside: str | None = None) -> list[ProbeRow]:
        """In the order in which they were asked; of the inputs in a candidate's slice only, where one is given."""
        query = select(probes).where(probes.c.version_id == version_id).order_by(probes.c.id)
        if inside is not None:
            query = query.where(probes.c.input_hash.in_(inputs_inside(inside)))
        return [_probe(row) for row in self._db.execute(query)]


def _probe(row: Row[tuple[object, ...]]) -> ProbeRow:
    again = None if row.again is None else tuple(row.again)
    return ProbeRow(row.version_id, row.input_hash, tuple(row.first), again, row.unfit, row.by, row.at)
