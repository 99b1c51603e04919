"""Which challenger may take the champion's place: on its own evidence, if it covers more and no label is shown worse.

Says who; moves nobody. None brings back a label that has left its student's slices: a variant without it gathers
evidence beside it. One whose labels would leave as soon as it serves is weighed without them.
"""

from collections.abc import Iterator

from shadowbert.domain.evidence import Move
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy
from shadowbert.flow.candidates import departed
from shadowbert.flow.evidence import Standing, promotion_counts, stand
from shadowbert.flow.leaving import shown_bad
from shadowbert.flow.ledger import Work
from shadowbert.flow.sayings import evidence_by_answer
from shadowbert.gating.audits import WORTHWHILE
from shadowbert.gating.eprocess import alpha_share, passes
from shadowbert.gating.labels import without
from shadowbert.gating.paired import shown_worse

REPLACED = "replaced by a challenger"


def successor(work: Work, version: VersionRow, champion: CandidateRow, policy: Policy) -> Standing | None:
    """Of several the widest."""
    fit = _fit(work, version, champion, policy)
    return max(fit, key=lambda standing: standing.coverage or 0.0, default=None)


def heir(work: Work, version: VersionRow, policy: Policy) -> str | None:
    """The id of the challenger that may take over; None where nothing serves, or nobody may."""
    champion = work.candidates.get(version.candidate_id or "") if version.stage.serves else None
    best = successor(work, version, champion, policy) if champion else None
    return best.candidate.id if best else None


def passing(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> Standing | None:
    """How it stands where the gate lets it serve. The whole evidence is gathered only where its first number allows."""
    if not passes(
        promotion_counts(work, candidate, policy), policy.target, alpha=alpha_share(candidate.number, policy.alpha)
    ):
        return None
    standing = stand(work, version, candidate, policy)
    return standing if standing.verdict.move is Move.PROMOTE else None


def _fit(work: Work, version: VersionRow, champion: CandidateRow, policy: Policy) -> Iterator[Standing]:
    inside, uniform = work.predictions.coverage(champion.id)
    least = (inside / uniform if uniform else 0.0) + WORTHWHILE
    for other in work.candidates.active(version.id):
        if other.id == champion.id or not departed(work, version.id, other.student_id) <= other.slice.excluded:
            continue
        standing = passing(work, version, other, policy)
        if standing is None:
            continue
        wider = _kept(work, version, standing, policy) >= least or _gives_back(champion, other)
        if wider and not shown_worse(work.predictions.pairs(champion.id, other.id), alpha=policy.alpha):
            yield standing


def _kept(work: Work, version: VersionRow, standing: Standing, policy: Policy) -> float:
    """What it covers without the labels that will leave."""
    coverage = standing.coverage or 0.0
    gone = shown_bad(work, version, standing.candidate, policy)
    if not gone:
        return coverage
    rest = without(evidence_by_answer(work, standing.candidate, policy), gone)
    return coverage * rest.rows / standing.counts.rows


def _gives_back(champion: CandidateRow, challenger: CandidateRow) -> bool:
    """Whether it is the same bet with labels that an operator took back from the LLM: wanted however few they are."""
    same = (champion.student_id, champion.slice.threshold) == (challenger.student_id, challenger.slice.threshold)
    return same and challenger.slice.excluded < champion.slice.excluded
