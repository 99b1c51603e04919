"""A candidate judged by people in the teacher's place: what counts then, and what watches it once it serves.

Only calls that were drawn at random and answered blind count, each input once, in the slice as it was stored with the
prediction, and fresh to the student. What people correct elsewhere never does.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from shadowbert.domain.contract import Answer, Contract
from shadowbert.domain.draw import Judged
from shadowbert.domain.evidence import Counts
from shadowbert.domain.policy import label_names
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy
from shadowbert.flow.ledger import Work
from shadowbert.gating.drift import DriftDetector, tau_down
from shadowbert.gating.eprocess import lower_bound
from shadowbert.gating.labels import by_label
from shadowbert.gating.objections import ShadowEvidence

LEAST = 0.5
"""Below that, agreement with the LLM tells nothing of a student that people find right."""


def people_counts(work: Work, candidate: CandidateRow) -> Counts:
    """How often people say what the candidate said, on the rows that count for promotion."""
    return _counts(_that_count(work, candidate))


def people_rows(work: Work, candidate: CandidateRow, *, since: int | None = None) -> list[tuple[Answer, bool]]:
    """What the candidate said and whether people say the same, in load sequence: on the rows that count for promotion
    and, where it has served since a load sequence, on every one after that.
    """
    return [
        (row.student, row.right)
        for row in work.draws.judged(candidate.id)
        if row.in_slice and row.person is not None and (row.fresh or (since is not None and row.seq > since))
    ]


def people_evidence(work: Work, version: VersionRow, candidate: CandidateRow) -> ShadowEvidence:
    rows = _that_count(work, candidate)
    counts = _counts(rows)
    return ShadowEvidence(
        distinct=counts,
        calls=counts,
        candidate=candidate.number,
        eligible=len(rows),
        failures=sum(row.person is None for row in rows),
        confusion=_readable(version.contract, rows),
        labels=named_labels(version.contract, tally(people_rows(work, candidate))),
    )


def tally(rows: Iterable[tuple[Answer, bool]]) -> dict[Answer, Counts]:
    """Agreement by what was said."""
    said = Counter(rows)
    return {answer: Counts(said[answer, True], said[answer, False]) for answer, _ in said}


def named_labels(contract: Contract, rows: Mapping[Answer, Counts]) -> dict[str, Counts]:
    """Agreement by each label that was said."""
    names = label_names(contract)
    return {names[pair]: counts for pair, counts in by_label(rows).items() if pair in names}


def watched(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> Policy:
    """The policy that a champion's audits are held to. They compare with the LLM; where people have certified a student
    that the LLM contradicts, they must show that this is as it was then: its target is the lower bound of the agreement
    with the LLM before it became the champion.
    """
    if not policy.by_people:
        return policy
    since = work.tasks.champion_since(version.id, candidate.id)
    whole, later = (work.predictions.audit_counts(candidate.id, after) for after in (0, since))
    before = Counts(whole.agree - later.agree, whole.disagree - later.disagree)
    return replace(policy, target=min(policy.target, max(LEAST, lower_bound(before, alpha=policy.alpha))))


def people_alarm(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> float:
    """Value of a drift detector on what people said of calls drawn since the candidate became the champion."""
    detector = DriftDetector(tau_down(policy.target))
    if policy.by_people:
        since = work.tasks.champion_since(version.id, candidate.id)
        for row in work.draws.judged(candidate.id):
            if row.seq > since and row.in_slice and row.person is not None:
                detector.update(row.right)
    return detector.value


def _that_count(work: Work, candidate: CandidateRow) -> list[Judged]:
    return [row for row in work.draws.judged(candidate.id) if row.in_slice and row.fresh]


def _counts(rows: Iterable[Judged]) -> Counts:
    right = [row.right for row in rows if row.person is not None]
    return Counts(agree=sum(right), disagree=len(right) - sum(right))


def _readable(contract: Contract, rows: Iterable[Judged]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        if row.person is not None:
            said, told = (" · ".join(contract.describe(answer).values()) for answer in (row.student, row.person))
            found[said, told] = found.get((said, told), 0) + 1
    return found
