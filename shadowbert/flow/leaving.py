"""How labels leave a slice when their own evidence shows them bad; what shows them bad says `gating.labels`.

Before a candidate serves, each new input counts for its labels as it does for the whole; afterwards every audit. Where
people certify, their word is what labels are held to, before and after. A slice never changes: what is left of it is
another candidate with the next share of alpha.

A candidate that does not serve stays as it is and keeps its evidence. Beside it a variant without its bad labels enters
where it is expected to serve more than the other ever may; calls to come decide. No more than VARIANTS a student: the
fourth candidate of a task needs 1.6 times the evidence of the first, and a student with four bad labels is better
taught anew. What becomes of a champion says `narrowing`.

A label that has left a student's slice is in none of its slices any more. It comes back with the next student.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from shadowbert.domain.contract import Answer, Contract
from shadowbert.domain.evidence import Counts, Departure, Move, Ruling, Verdict
from shadowbert.domain.policy import label_names
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.student import Slice
from shadowbert.domain.task import Policy
from shadowbert.flow.candidates import departed, departures_of, enter_without
from shadowbert.flow.evidence import promotion_counts
from shadowbert.flow.ledger import Work
from shadowbert.flow.people import people_rows
from shadowbert.flow.sayings import evidence_by_answer
from shadowbert.gating.drift import tau_down
from shadowbert.gating.labels import Bar, LabelWatch, leaving
from shadowbert.gating.variant import Waiting, better_without
from shadowbert.gating.wording import percent, seen

VARIANTS = 3


def bar_of(version: VersionRow, candidate: CandidateRow, policy: Policy) -> Bar:
    every = {(i, k) for i, field_ in enumerate(version.contract.fields) for k in range(field_.classes)}
    return Bar(policy.target, policy.alpha, max(1, len(every - candidate.slice.excluded)))


def shown_bad(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> tuple[Departure, ...]:
    """The labels that the promotion evidence of a candidate shows bad."""
    bar, whole = bar_of(version, candidate, policy), promotion_counts(work, candidate, policy)
    if not bar.bad(Counts(disagree=whole.disagree)):
        return ()  # not even if one label had all of the disagreements
    return leaving(evidence_by_answer(work, candidate, policy), bar)


@dataclass(slots=True)
class LabelsWatched:
    """A champion's labels, shown each row once, however often it is asked for."""

    serving: tuple[str, int, Bar] | None = None
    seen: int = 0
    watch: LabelWatch | None = None

    def leaving(self, work: Work, version: VersionRow, champion: CandidateRow, policy: Policy) -> tuple[Departure, ...]:
        """What is shown bad, with what has left the student's other slices and is in this one still."""
        watch = self._over(work, version, champion, policy)
        earlier = {d.pair: d for d in departures_of(work, version.id, champion.student_id)}
        found = {**earlier, **{d.pair: d for d in watch.leaving()}}
        return tuple(d for pair, d in found.items() if pair not in champion.slice.excluded)

    def _over(self, work: Work, version: VersionRow, champion: CandidateRow, policy: Policy) -> LabelWatch:
        since, bar = work.tasks.champion_since(version.id, champion.id), bar_of(version, champion, policy)
        if policy.by_people:
            return _shown(LabelWatch(bar), people_rows(work, champion, since=since))
        if self.watch is None or self.serving != (champion.id, since, bar):
            self.serving, self.seen, self.watch = (champion.id, since, bar), 0, LabelWatch(bar)
        rows = work.predictions.said(champion.id, self.seen, since=since)
        self.seen = rows[-1][0] if rows else self.seen
        return _shown(self.watch, [(answer, agreed) for _, answer, agreed in rows])


def vary(
    work: Work, version: VersionRow, candidates: Iterable[CandidateRow], policy: Policy, *, at: float
) -> VersionRow | None:
    """Enter the first variant that is worth it; the version after the verdict that tells so."""
    return next((moved for c in candidates if (moved := _vary(work, version, c, policy, at=at))), None)


def _vary(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy, *, at: float) -> VersionRow | None:
    gone = shown_bad(work, version, candidate, policy)
    if not gone or not _room(work, version, candidate, narrowed(work, version, candidate, gone)):
        return None
    inside, uniform = work.predictions.coverage(candidate.id)
    counts = promotion_counts(work, candidate, policy)
    whole = Waiting(counts, counts.share or 0.0, inside / uniform if uniform else 0.0, candidate.number)
    number = work.candidates.next_number(version.task_id)
    coverage = better_without(evidence_by_answer(work, candidate, policy), gone, whole, policy, number=number)
    if coverage is None:
        return None
    enter_without(work, candidate, gone, at=at, expected_coverage=coverage)
    said = (
        f"{told(version.contract, gone, policy)} Candidate {number} gathers evidence without; candidate "
        f"{candidate.number} keeps its own."
    )
    verdict = Verdict(Ruling.INCONCLUSIVE, Move.STEP, said, numbers=figures(gone))
    return work.tasks.move(version, verdict, version.stay(by="gate", why=verdict.reason, at=at))


def _room(work: Work, version: VersionRow, candidate: CandidateRow, served: Slice) -> bool:
    """Whether its student never had this slice, and has not had its variants yet."""
    mine = [c for c in work.candidates.of_version(version.id) if c.student_id == candidate.student_id]
    return all(c.slice != served for c in mine) and sum(bool(c.departures) for c in mine) < VARIANTS


def narrowed(work: Work, version: VersionRow, candidate: CandidateRow, gone: Iterable[Departure]) -> Slice:
    """What is left of its slice."""
    without = departed(work, version.id, candidate.student_id) | {departure.pair for departure in gone}
    return Slice(candidate.slice.threshold, candidate.slice.excluded | without)


def told(contract: Contract, gone: Iterable[Departure], policy: Policy) -> str:
    """In one sentence.

    >>> from shadowbert.domain.contract import Field
    >>> contract = Contract((Field(("kind",), ("ham", "spam")),), "c1:")
    >>> told(contract, [Departure(0, 1, Counts(12, 18))], Policy())
    'kind=spam agrees less often than 93 %, as its own calls show: 12 of 30 agree (40 %).'
    """
    names = label_names(contract)
    less = f"less often than {percent(tau_down(policy.target))}"
    each = [(names[d.pair], d.fell, f"{seen(d.counts)}{' of the latest' if d.fell else ''}") for d in gone]
    if len(each) == 1:
        name, fell, counts = each[0]
        return f"{name} agrees {less}{' by now' if fell else ''}, as its own calls show: {counts}."
    return f"These agree {less}, as their own calls show: {'; '.join(f'{name}, {counts}' for name, _, counts in each)}."


def figures(gone: Iterable[Departure]) -> dict[str, float]:
    """Of the labels together."""
    rows = [departure.counts for departure in gone]
    agree, disagree = (float(sum(figures)) for figures in zip(*((c.agree, c.disagree) for c in rows), strict=True))
    return {"agree": agree, "disagree": disagree, "labels": float(len(rows))}


def _shown(watch: LabelWatch, rows: Iterable[tuple[Answer, bool]]) -> LabelWatch:
    for answer, agreed in rows:
        watch.update(answer, agreed)
    return watch
