"""What a change of policy does to the candidates of a version, planned before it is done: a dry run shows the plan.

Why a target may be changed, in either direction, and evidence gathered before still counts. The promotion test's E
falls as the target rises (`gating.eprocess`), so whoever passes at some target passes at every lower one. A promotion
is false only if the true agreement p is at or below the target; then the candidate has passed at p as well, and by
Ville that has a chance of at most its share of alpha, ever. Nothing in this asks how the target was chosen: who looks
at every row and takes the highest target that passes is covered too, for that target is the end of a confidence
sequence. What may not be chosen after looking is the slice: its members are fixed before they arrive, so another slice
is another candidate, with no rows and the next share of alpha. `alpha` may be lowered at any time and, once a candidate
has entered evidence, never raised: the shares that the candidates spend then never sum to more than the alpha under
which the first of them entered.

Knows no texts and no operators.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain

from shadowbert.domain.evidence import Outcome
from shadowbert.domain.policy import pairs_of
from shadowbert.domain.records import CandidateRow, StudentRow, VersionRow
from shadowbert.domain.student import Slice
from shadowbert.domain.task import Policy
from shadowbert.flow.candidates import departed
from shadowbert.flow.evidence import promotion_counts
from shadowbert.flow.ledger import Work
from shadowbert.flow.rule import unsaid
from shadowbert.flow.untaught import untaught
from shadowbert.gating.eprocess import alpha_share, passes
from shadowbert.gating.threshold import Scored, propose

LEAST_ROWS = 100
"""Logged calls that a student must have predicted for a new threshold to be read off them."""
APART = 0.02
"""Coverage by which a new threshold must differ from those there are: a candidate costs alpha."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A candidate to enter."""

    student: StudentRow
    served: Slice
    coverage: float
    """Share of the uniform calls that the student has predicted so far."""
    champion: bool = False
    """It serves at once, in the place of the champion: it is less of the same."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Empty where a change of policy is only another rule for what there is."""

    falls: bool = False
    """The champion is not shown to be above the new target, and serves no longer; its evidence stays."""
    retired: tuple[CandidateRow, ...] = ()
    entries: tuple[Entry, ...] = ()


def plan(work: Work, version: VersionRow, before: Policy, after: Policy) -> Plan:
    """Reads only."""
    champion = work.candidates.get(version.candidate_id or "") if version.stage.serves else None
    insisted = version.forced or version.alarms_off
    falls = champion is not None and not insisted and _falls(work, champion, before, after)
    serving = champion.id if champion is not None and not falls else ""
    retired, entries = [], []
    kept: set[tuple[str, Slice]] = set()
    for candidate in sorted(work.candidates.active(version.id), key=lambda c: c.id != serving):
        slices = _slices(work, version, candidate, after, serves=candidate.id == serving)
        retired += [] if candidate.slice in slices else [candidate]
        new = [served for served in slices if served != candidate.slice and (candidate.student_id, served) not in kept]
        entries += _entries(work, candidate, new, champion=candidate.id == serving and slices[0] in new)
        kept.update((candidate.student_id, served) for served in slices)
    bet = _bet(work, version, after, kept) if before.target != after.target else None
    return Plan(falls, tuple(retired), (*entries, *([bet] if bet else [])))


def _falls(work: Work, champion: CandidateRow, before: Policy, after: Policy) -> bool:
    counts = promotion_counts(work, champion, after)
    alpha = alpha_share(champion.number, after.alpha)
    harder = after.target > before.target or after.gate_on != before.gate_on
    return harder and not passes(counts, after.target, alpha=alpha)


def _slices(work: Work, version: VersionRow, candidate: CandidateRow, after: Policy, *, serves: bool) -> list[Slice]:
    """What stands in a candidate's place: its slice with what the policy adds, without what it gives back. Whoever
    serves is narrowed at once, and what is given back it must earn beside that. What it was not taught stays out.
    """
    had, new = candidate.slice, pairs_of(version.contract, after.always_llm)
    student = work.students.get(candidate.student_id)
    given_back = (had.excluded & _ever(work, version)) - new
    if given_back and student is not None:
        given_back -= untaught(work, version, student) | departed(work, version.id, student.id)
    wanted = Slice(had.threshold, (had.excluded - given_back) | new)
    narrowed = Slice(had.threshold, had.excluded | new)
    return [wanted] if not serves or wanted == narrowed else [narrowed, wanted]


def _ever(work: Work, version: VersionRow) -> frozenset[tuple[int, int]]:
    """What operators have left to the LLM at any time: only that is theirs to give back."""
    lists = [c.value for c in work.policies.of_task(version.task_id) if isinstance(c.value, tuple)]
    return pairs_of(version.contract, chain.from_iterable(lists))


def _entries(work: Work, candidate: CandidateRow, slices: Sequence[Slice], *, champion: bool) -> list[Entry]:
    student = work.students.get(candidate.student_id)
    if student is None or not slices:
        return []
    outcomes = work.predictions.outcomes(student.id)
    return [Entry(student, s, share_of(outcomes, s), champion and n == 0) for n, s in enumerate(slices)]


def _bet(work: Work, version: VersionRow, after: Policy, kept: Collection[tuple[str, Slice]]) -> Entry | None:
    """The newest student at the threshold that would be proposed for it at this target, read off what it has predicted
    since; None where that says no more than the candidates there are. Calls that come later decide, as ever.
    """
    students = work.students.of_version(version.id)
    outcomes = work.predictions.outcomes(students[-1].id) if students else []
    rows = [row for row in outcomes if row.distinct and row.agreed is not None]
    if len(rows) < LEAST_ROWS:
        return None
    contract = version.contract
    latest = students[-1]
    excluded = untaught(work, version, latest) | pairs_of(contract, after.always_llm) | unsaid(contract)
    excluded |= departed(work, version.id, latest.id)
    scored = [Scored(r.joint, bool(r.agreed), r.answer) for r in rows if not excluded.intersection(enumerate(r.answer))]
    alpha = alpha_share(work.candidates.next_number(version.task_id), after.alpha)
    found = propose(scored, after.target, alpha=alpha, outside=len(rows) - len(scored))
    if found is None:
        return None
    served = Slice(found.threshold, excluded)
    covered = share_of(outcomes, served)
    others = [share_of(outcomes, slice_) for student, slice_ in kept if student == students[-1].id]
    return None if any(abs(covered - other) < APART for other in others) else Entry(students[-1], served, covered)


def share_of(outcomes: Sequence[Outcome], served: Slice) -> float:
    """Of these rows, the part inside a slice."""
    inside = sum(served.takes(row.answer, row.joint) for row in outcomes)
    return inside / len(outcomes) if outcomes else 0.0
