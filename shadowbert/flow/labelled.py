"""What people see of a candidate label by label: how often each agrees, and whether it stands by itself, is pooled, or
has left. Counts and words; decides nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shadowbert.domain.evidence import Counts, Departure
from shadowbert.domain.policy import label_names
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy
from shadowbert.flow.candidates import forerunner
from shadowbert.flow.curves import bound
from shadowbert.flow.evidence import Standing
from shadowbert.flow.leaving import bar_of
from shadowbert.flow.ledger import Work
from shadowbert.flow.sayings import evidence_of
from shadowbert.gating.eprocess import alpha_share
from shadowbert.gating.labels import Bar, by_label
from shadowbert.gating.wording import moment, seen

CERTIFIED, POOLED, BAD, KEPT, LEFT = "certified", "pooled", "bad", "kept", "left"
WORDS = {
    CERTIFIED: "certified by itself",
    POOLED: "pooled",
    BAD: "agrees too seldom: leaves when it serves",
    KEPT: "agrees too seldom: serves on, for the alarms are switched off",
    LEFT: "left",
}
ILL = frozenset({BAD, KEPT, LEFT})
WEAK = 5
"""Labels that are worth a line where there is no room for all."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a candidate's slice, or one that has left it."""

    name: str
    counts: Counts
    standing: str
    left_at: float | None = None
    fell: bool = False
    """It had been good before it left."""

    @property
    def words(self) -> str:
        when = "" if self.left_at is None else f" on {moment(self.left_at)}"
        return f"{WORDS[self.standing]}{when}{', for it had fallen' if self.fell else ''}"

    def to_json(self) -> dict[str, object]:
        return {
            "label": self.name,
            "agree": self.counts.agree,
            "disagree": self.counts.disagree,
            "standing": self.standing,
            "left_at": self.left_at,
        }


@dataclass(frozen=True, slots=True)
class Labels:
    lines: tuple[Label, ...] = ()
    """The worst first: what has left, what is bad, then by agreement."""

    @property
    def words(self) -> str:
        """How many of each kind; empty where nothing has been said yet."""
        kinds = {kind: sum(line.standing == kind for line in self.lines) for kind in WORDS}
        alone = "itself" if kinds[CERTIFIED] == 1 else "themselves"
        seldom = "agreeing too seldom"
        told = {
            CERTIFIED: f"certified by {alone}",
            POOLED: "pooled",
            BAD: seldom,
            KEPT: f"{seldom} and serving on",
            LEFT: "left",
        }
        return ", ".join(f"{n} {told[kind]}" for kind, n in kinds.items() if n)

    @property
    def weak(self) -> Iterator[Label]:
        """Those that somebody would ask about."""
        ill = [line for line in self.lines if line.standing in ILL]
        doubted = [line for line in self.lines if line.standing == POOLED and line.counts.disagree]
        yield from (*ill, *doubted[: max(0, WEAK - len(ill))])


NO_LABELS = Labels()


def labels_of(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> Labels:
    names, bar = label_names(version.contract), bar_of(version, candidate, policy)
    counted = by_label(evidence_of(work, version, candidate, policy))
    bad = KEPT if version.alarms_off and version.candidate_id == candidate.id else BAD
    said = [Label(names[pair], n, _standing(n, bar, bad)) for pair, n in counted.items() if pair in names]
    gone = [
        Label(names[d.pair], d.counts, LEFT, left_at=at, fell=d.fell)
        for d, at in _departures(work, candidate)
        if d.pair in candidate.slice.excluded
    ]
    return Labels((*gone, *sorted(said, key=_rank)))


def shown(work: Work, version: VersionRow, standing: Standing, policy: Policy) -> tuple[Counts, float]:
    """The agreement that people see of a candidate, and its bound. One that serves in its forerunner's place, and has
    not passed by itself, shows what that has shown less the labels that left; the bound is the whole's, for the rest
    agrees more often.
    """
    candidate, own = standing.candidate, standing.counts
    low = bound(own, alpha_share(candidate.number, policy.alpha))
    serves = version.stage.serves and version.candidate_id == candidate.id and not version.forced
    before = forerunner(work, candidate) if serves and not policy.by_people and low <= policy.target else None
    if before is None:
        return own, low
    rows = evidence_of(work, version, candidate, policy).values()
    whole = bound(work.predictions.promotion_counts(before.id), alpha_share(before.number, policy.alpha))
    return Counts(sum(n.agree for n in rows), sum(n.disagree for n in rows)), max(low, whole)


def told_of(label: Label) -> str:
    """With its counts.

    >>> told_of(Label("kind=spam", Counts(28, 2), POOLED))
    'kind=spam: 28 of 30 agree (93.3 %), pooled'
    """
    return f"{label.name}: {seen(label.counts)}, {label.words}"


def _standing(counts: Counts, bar: Bar, bad: str) -> str:
    return CERTIFIED if bar.certifies(counts) else bad if bar.bad(counts) else POOLED


def _departures(work: Work, candidate: CandidateRow) -> list[tuple[Departure, float]]:
    """With the time when each label left this student's slices first."""
    found: dict[tuple[int, int], tuple[Departure, float]] = {}
    for other in work.candidates.of_version(candidate.version_id):
        if other.student_id == candidate.student_id:
            for gone in other.departures:
                found.setdefault(gone.pair, (gone, other.entered_at))
    return list(found.values())


def _rank(label: Label) -> tuple[bool, float, str]:
    return label.standing not in ILL, label.counts.share or 0.0, label.name
