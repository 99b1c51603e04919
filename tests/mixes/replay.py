"""Replays a mix through the real collect station on a real store, and compares what it found with the truth."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from shadowbert.domain.records import CallRow, VersionRow
from shadowbert.domain.template import SLOT_SEPARATOR
from shadowbert.flow.collect import Collect
from shadowbert.store.store import Store, StoreSink
from tests.mixes.asks import AT
from tests.mixes.mix import Call, Mix

Truth = tuple[str, int]
PURE = 0.98
MOST_OF_IT = 0.9


@dataclass(slots=True)
class Outcome:
    """What a mix came to. Tasks and versions are those of 20 distinct calls or more."""

    name: str
    tasks: int = 0
    found: int = 0
    right: int = 0
    """Found tasks that are one true task, and hold most of it."""
    versions: int = 0
    founded: int = 0
    taken: int = 0
    """Calls of true tasks that became calls of a version."""
    held: int = 0
    """Those whose input holds the text."""
    exact: int = 0
    """Those whose input is the text, or the texts with separators."""
    bare: int = 0
    """Those whose input lacks what is no part of it, where there is such a thing."""
    shown: int = 0
    """Calls that show examples."""
    late: int = 0
    """Calls of a changed task that still counted for the old version."""
    waits: list[int] = field(default_factory=list)
    """Calls of each changed version when it was founded."""
    strangers: int = 0
    """Noise that became calls of a version."""
    poison: int = 0
    """Calls that may teach nothing, sent to a task."""
    poisoned: int = 0
    """Those that became examples."""
    linked: int = 0
    """Those that became calls of a version, with the call that they repeat."""


def replay(mix: Mix, store: Store) -> Outcome:
    collect, sink, seen = Collect(store, lambda: AT), StoreSink(store), dict[str, Call]()
    known: set[str] = set()
    counted: Counter[Truth] = Counter()
    at_founding: dict[str, Counter[Truth]] = {}
    for batch in mix.batches():
        start = len(seen)
        seen |= {call.exchange.id: call for call in batch}
        counted.update(call.truth for call in batch if call.truth is not None)
        sink.load("s", start=start, end=start + len(batch), exchanges=[call.exchange for call in batch])
        while collect.step():
            pass
        with store.read() as work:
            new = {version.id for version in work.tasks.versions()} - known
        known |= new
        at_founding |= {version_id: counted.copy() for version_id in new}
    with store.read() as work:
        versions = work.tasks.versions()
        calls = {version.id: work.calls.after(version.id, 0, limit=100_000) for version in versions}
    return _judged(mix, seen, versions, calls, at_founding)


def _judged(
    mix: Mix,
    seen: Mapping[str, Call],
    versions: list[VersionRow],
    calls: Mapping[str, list[CallRow]],
    at_founding: Mapping[str, Counter[Truth]],
) -> Outcome:
    names = {job.name for job in mix.jobs}
    outcome = Outcome(mix.name, tasks=len(names), versions=len(mix.jobs), founded=len(versions))
    _count_poison(outcome, seen, calls)
    calls = {id_: [row for row in rows if not seen[row.exchange_id].poison] for id_, rows in calls.items()}
    truths = {id_: Counter(seen[row.exchange_id].truth for row in rows) for id_, rows in calls.items()}
    _count_tasks(outcome, seen, versions, truths)
    for rows in calls.values():
        for row in rows:
            _count_call(outcome, seen[row.exchange_id], row)
    main = {id_: found.most_common(1)[0][0] for id_, found in truths.items() if found}
    for id_, truth in main.items():
        if truth is None:
            continue
        outcome.late += sum(n for other, n in truths[id_].items() if other and other[0] == truth[0] and other > truth)
    for truth in {(job.name, job.version) for job in mix.jobs if job.version and mix.changes}:
        mine = [at_founding[id_][truth] for id_, of in main.items() if of == truth]
        outcome.waits.append(min(mine, default=10_000))
    return outcome


def _count_poison(outcome: Outcome, seen: Mapping[str, Call], calls: Mapping[str, list[CallRow]]) -> None:
    found = [row for rows in calls.values() for row in rows if seen[row.exchange_id].poison]
    outcome.poison = sum(call.poison for call in seen.values())
    outcome.poisoned = sum(row.answer is not None for row in found)
    outcome.linked = sum(row.parent is not None for row in found)


def _count_tasks(
    outcome: Outcome,
    seen: Mapping[str, Call],
    versions: list[VersionRow],
    truths: Mapping[str, Counter[Truth | None]],
) -> None:
    """By task: a job's name is what its versions have in common."""
    of_task: dict[str, Counter[str | None]] = defaultdict(Counter)
    for version in versions:
        for truth, n in truths[version.id].items():
            of_task[version.task_id][truth and truth[0]] += n
    total = Counter(call.truth[0] for call in seen.values() if call.truth)
    outcome.found = len(of_task)
    for found in of_task.values():
        (name, most), *_ = found.most_common(1) or [(None, 0)]
        pure = most >= PURE * found.total()
        outcome.right += bool(name is not None and pure and most >= MOST_OF_IT * total[name])


def _count_call(outcome: Outcome, call: Call, row: CallRow) -> None:
    if call.truth is None:
        outcome.strangers += 1
        return
    outcome.taken += 1
    outcome.held += all(text in row.input for text in call.holds)
    outcome.exact += row.input == SLOT_SEPARATOR.join(call.holds)
    if call.lacks:
        outcome.shown += 1
        outcome.bare += not any(text in row.input for text in call.lacks)
