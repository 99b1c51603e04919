"""Hands the calls of a version that an operator replaced over to the version in its place.

In batches, each committed with how far it came: whoever is killed in between goes on where the last one ended. Decides
no template; a call that the new one does not match, or whose payload is gone, stays where it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from shadowbert.domain.records import CallRow, LoggedExchange, VersionRow
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.reading import read_request
from shadowbert.recognition.fingerprint import input_hash
from shadowbert.recognition.template import input_text, match


@dataclass(frozen=True, slots=True)
class TakeOver:
    ledger: Ledger
    batch: int = 500
    batches: int = 20
    """In one go: enough that the first training sees them together, and few enough that a lease lasts."""

    def step(self) -> int:
        """Returns how many calls of replaced versions were looked at."""
        with self.ledger.read() as work:
            known = {version.id: version for version in work.tasks.versions()}
        replaced = [version for version in known.values() if version.replaced_by]
        return sum(self._follow(version, heir_of(version, known)) for version in replaced)

    def _follow(self, version: VersionRow, heir: VersionRow) -> int:
        looked_at = 0
        for _ in range(self.batches):
            if not (rows := self._batch(version, heir)):
                break
            looked_at += rows
        return looked_at

    def _batch(self, version: VersionRow, heir: VersionRow) -> int:
        with self.ledger.read() as work:
            rows = work.calls.after(version.id, _seen(work, version, heir), limit=self.batch)
            exchanges = work.exchanges.by_ids([row.exchange_id for row in rows])
        if rows:
            matching = list(_rewritten(rows, exchanges, heir))
            with self.ledger.write() as work:
                work.calls.hand_over(matching, of=version.id)
                work.marks.set(mark_of(version), seq=rows[-1].seq, note=heir.id)
        return len(rows)


def mark_of(version: VersionRow) -> str:
    """Where it is kept how far the calls of a replaced version were looked at, and for which heir."""
    return f"t:{version.id}"


def _seen(work: Work, version: VersionRow, heir: VersionRow) -> int:
    """What the template before did not match, that of a later edit may: for another heir it begins anew."""
    mark = mark_of(version)
    return work.marks.seq(mark) if work.marks.note(mark) == heir.id else 0


def heir_of(version: VersionRow, known: Mapping[str, VersionRow]) -> VersionRow:
    """The version that stands in its place now: the last of a row of edits."""
    while (heir := known.get(version.replaced_by or "")) is not None:
        version = heir
    return version


def _rewritten(rows: Sequence[CallRow], exchanges: Sequence[LoggedExchange], heir: VersionRow) -> Iterator[CallRow]:
    """Those that match, with the input they have now. Nobody saw whether they were eligible for this version."""
    by_id = {exchange.id: exchange for exchange in exchanges}
    for row in rows:
        request = read_request(by_id[row.exchange_id]) if row.exchange_id in by_id else None
        slots = match(heir.skeleton, request.prompt) if request and request.prompt is not None else None
        if slots is not None:
            text = input_text(heir.skeleton, slots)
            yield replace(row, version_id=heir.id, input=text, input_hash=input_hash(text), eligible=False)
