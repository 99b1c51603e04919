"""Settles which calls of a batch repeat earlier ones, of the batch or of the store; curation says what a repetition is.

The store is asked, not a memory: after a restart, and for calls that are taken in long after they came, it knows the
same. An index on the input and on why a call taught nothing makes that one cheap question for each batch; calls that
say of themselves that they ask again are rare, and get one more.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from operator import attrgetter

from shadowbert.curation.outcome import Unfit
from shadowbert.curation.repeats import POOR, REPEATED, judged
from shadowbert.domain.records import CallRow, EarlierCall, LoggedExchange
from shadowbert.flow.ledger import CallsPort, TasksPort
from shadowbert.flow.lineage import LIKENESS, likeness

LOOK_BACK = 50_000
"""Load sequences before a batch: however often an input came, no more of its calls are looked at."""

Exchanges = Mapping[str, LoggedExchange]


Alike = Callable[[str, str], bool]
"""Whether two versions, by their ids, ask the same."""

_SEQ = attrgetter("seq")


def asked_alike(tasks: TasksPort) -> Alike:
    """Versions of one task, or of one instruction: another form may have founded a task of its own."""

    @cache
    def alike(one_id: str, other_id: str) -> bool:
        one, other = tasks.version(one_id), tasks.version(other_id)
        if one is None or other is None:
            return False
        return one.task_id == other.task_id or likeness(one.skeleton, other.skeleton) >= LIKENESS

    return alike


def settled(calls: CallsPort, rows: Sequence[CallRow], exchanges: Exchanges, alike: Alike) -> list[CallRow]:
    """The rows in load sequence, with their parents; complaints about calls that nobody knows are left out."""
    known = _known(calls, rows, exchanges)
    found: list[CallRow] = []
    for row in sorted(rows, key=lambda row: row.seq):
        exchange = exchanges[row.exchange_id]
        same = known[row.input_hash]
        before = same[: bisect_left(same, row.seq, key=_SEQ)]
        retry, form = exchange.retry_count > 0, partial(alike, row.version_id)
        judgement = judged(row, _place(row, exchange), before, retry=retry, alike=form)
        if judgement is not None:
            found.append(judgement)
            insort(same, _place(judgement, exchange), key=_SEQ)
    return found


def _known(calls: CallsPort, rows: Sequence[CallRow], exchanges: Exchanges) -> dict[str, list[EarlierCall]]:
    """Earlier calls by input: all of those that may be asked again, of the others those with a poor answer."""
    asking = {row.input_hash for row in rows if row.unfit == Unfit.FEEDBACK or exchanges[row.exchange_id].retry_count}
    others = {row.input_hash for row in rows if row.answer is not None} - asking
    after = min((row.seq for row in rows), default=0) - LOOK_BACK
    since = min((exchanges[row.exchange_id].received_at for row in rows), default=0.0) - REPEATED
    mine = {row.exchange_id for row in rows}
    return _by_input(
        one
        for hashes, unfit in ((asking, frozenset[str]()), (others, POOR))
        for one in calls.earlier(hashes, after=after, since=since, unfit=unfit)
        if one.exchange_id not in mine
    )


def _by_input(earlier: Iterable[EarlierCall]) -> dict[str, list[EarlierCall]]:
    known: dict[str, list[EarlierCall]] = defaultdict(list)
    for one in earlier:
        known[one.input_hash].append(one)
    return known


def _place(row: CallRow, exchange: LoggedExchange) -> EarlierCall:
    return EarlierCall(
        exchange_id=row.exchange_id,
        seq=row.seq,
        version_id=row.version_id,
        tenant=exchange.tenant,
        input_hash=row.input_hash,
        unfit=row.unfit,
        received_at=exchange.received_at,
        ended_at=exchange.ended_at,
    )
