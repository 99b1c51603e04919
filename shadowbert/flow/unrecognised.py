"""What people see of the calls that belong to no task: how many there are, why, and what each group of them waits for.

Counts and reads; decides nothing, and shows nothing of what was asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shadowbert.domain.records import LoggedExchange
from shadowbert.flow.ledger import Work
from shadowbert.flow.reading import read_request
from shadowbert.flow.strays import LEAST, Unfounded

READ = "collect"
"""The mark of the station that sorts exchanges: what it has not read yet is no call of anything."""
WINDOW = 50_000
"""Load sequences that are counted, the latest: a page that is looked at every few seconds counts no millions."""
GROUPS_SHOWN = 50


class ShareLike(Protocol):
    @property
    def reason(self) -> str: ...
    @property
    def recognised(self) -> bool: ...
    @property
    def exchanges(self) -> int: ...
    @property
    def first_at(self) -> float: ...
    @property
    def last_at(self) -> float: ...


class GroupLike(Protocol):
    @property
    def strays(self) -> int: ...
    @property
    def why(self) -> str | None: ...
    @property
    def note(self) -> str: ...
    @property
    def example(self) -> str: ...
    @property
    def client(self) -> str: ...
    @property
    def last_at(self) -> float: ...


class CountsPort(Protocol):
    def shares(self, after: int, until: int) -> Sequence[ShareLike]: ...
    def groups(self, *, limit: int) -> Sequence[GroupLike]: ...


class CountingWork(Work, Protocol):
    @property
    def reports(self) -> CountsPort: ...


@dataclass(frozen=True, slots=True)
class Reasoned:
    """Calls of no version with one reason of their route."""

    reason: str
    calls: int
    last_at: float


@dataclass(frozen=True, slots=True)
class StrayGroup:
    """Calls that could found a version together, if it were not for `why`; None where nobody has looked yet."""

    calls: int
    teacher: str
    """Empty where the example's body is not kept any more."""
    endpoint: str
    client: str
    why: Unfounded | None
    note: str
    """In figures, what there is and what is missing."""
    example: str
    """The latest exchange's id."""
    last_at: float


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """Of the latest observed calls: all of them are calls of a version, or counted under a reason."""

    observed: int
    recognised: int
    since: float | None
    """When the oldest counted call was received; None where there is none."""
    reasons: tuple[Reasoned, ...]
    groups: tuple[StrayGroup, ...]

    @property
    def calls(self) -> int:
        return self.observed - self.recognised

    def share(self, calls: int) -> float | None:
        return calls / self.observed if self.observed else None


def unrecognised(work: CountingWork) -> Unrecognised:
    until = work.marks.seq(READ)
    shares = work.reports.shares(max(0, until - WINDOW), until)
    groups = work.reports.groups(limit=GROUPS_SHOWN)
    examples = {example.id: example for example in work.exchanges.by_ids([group.example for group in groups])}
    return Unrecognised(
        observed=sum(share.exchanges for share in shares),
        recognised=sum(share.exchanges for share in shares if share.recognised),
        since=min((share.first_at for share in shares), default=None),
        reasons=_reasons([share for share in shares if not share.recognised]),
        groups=tuple(_group(group, examples[group.example]) for group in groups),
    )


def _reasons(shares: Sequence[ShareLike]) -> tuple[Reasoned, ...]:
    found = [Reasoned(share.reason, share.exchanges, share.last_at) for share in shares]
    return tuple(sorted(found, key=lambda reasoned: -reasoned.calls))


def _group(group: GroupLike, example: LoggedExchange) -> StrayGroup:
    request = read_request(example)
    small = group.strays < LEAST and group.why != Unfounded.FEW  # never looked at, or it has lost calls since
    return StrayGroup(
        calls=group.strays,
        teacher=request.teacher if request else "",
        endpoint=example.endpoint.value if example.endpoint else "",
        client=group.client,
        why=Unfounded.FEW if small else Unfounded(group.why) if group.why else None,
        note=f"{group.strays} of {LEAST} calls" if small else group.note,
        example=group.example,
        last_at=group.last_at,
    )
