"""Gathers from the store what the gate judges, by the rules of evidence. Shared by promote, operate and report."""

from dataclasses import dataclass

from shadowbert.domain.contract import Contract
from shadowbert.domain.evidence import Counts, Verdict
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.ledger import Work
from shadowbert.gating.drift import DriftDetector, replay, tau_down
from shadowbert.gating.gate import CanaryEvidence, LiveEvidence, judge_canary, judge_live, judge_shadow
from shadowbert.gating.objections import ShadowEvidence


@dataclass(frozen=True, slots=True)
class Standing:
    """How one candidate stands: the gate's verdict and the counts that people ask for."""

    candidate: CandidateRow
    verdict: Verdict
    counts: Counts
    coverage: float | None
    """Share of uniform rows inside the slice."""


def stand(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> Standing:
    """Judge a candidate that does not serve, on its promotion evidence."""
    evidence = shadow_evidence(work, version, candidate)
    inside, uniform = work.predictions.coverage(candidate.id)
    return Standing(candidate, judge_shadow(evidence, policy), evidence.distinct, inside / uniform if uniform else None)


def shadow_evidence(work: Work, version: VersionRow, candidate: CandidateRow) -> ShadowEvidence:
    failed, eligible = work.calls.failures(version.id, candidate.start_seq)
    return ShadowEvidence(
        distinct=work.predictions.promotion_counts(candidate.id),
        calls=work.predictions.audit_counts(candidate.id, candidate.start_seq),
        candidate=candidate.number,
        eligible=eligible,
        failures=failed,
        confusion=_readable(version.contract, work, candidate),
    )


def _readable(contract: Contract, work: Work, candidate: CandidateRow) -> dict[tuple[str, str], int]:
    def text(answer: tuple[int, ...]) -> str:
        return " · ".join(contract.describe(answer).values())

    return {(text(student), text(teacher)): n for student, teacher, n in work.predictions.confusion(candidate.id)}


def detector(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> DriftDetector:
    """The drift detector over every uniform row of the slice since this candidate began to serve."""
    return replay(
        work.predictions.audits(candidate.id, served_since(work, version, candidate)), tau_down(policy.target)
    )


def served_since(work: Work, version: VersionRow, candidate: CandidateRow) -> int:
    """The load sequence at which this candidate became the champion."""
    return work.tasks.champion_since(version.id, candidate.id)


def serving_verdict(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> Verdict:
    """Judge the champion."""
    value = detector(work, version, candidate, policy).value
    if version.stage is Stage.CANARY:
        rows = work.predictions.uniform_rows(candidate.id, version.stage_seq)
        return judge_canary(CanaryEvidence(version.share, rows, value), policy)
    latest = work.predictions.audits(candidate.id, candidate.start_seq)
    return judge_live(LiveEvidence(value, latest), policy)
