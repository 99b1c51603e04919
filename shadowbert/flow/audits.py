"""Sets the audit rate of what serves by what is known of it, and tells people why. The rule itself is the gate's."""

import logging

from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.escalations import follow, known
from shadowbert.flow.evidence import detector
from shadowbert.flow.ledger import Work
from shadowbert.gating.audits import CHANGED_AUDITS, KNOWN, Audits, Challenge, Signals, audits, raised, worth_auditing
from shadowbert.gating.eprocess import alpha_share

log = logging.getLogger(__name__)


def tune(work: Work, version: VersionRow, champion: CandidateRow, policy: Policy, *, suspicious: bool) -> None:
    """Look at what may ask for more audits, and put the rate into force where it is another one."""
    follow(work, version, champion)
    wanted = _wanted(work, version, champion, policy, suspicious=suspicious)
    if wanted.rate != version.audit_rate:
        log.info("task %s: %s", version.task, raised(wanted.rate or policy.audit_rate, wanted.why))
        work.tasks.set_audit_rate(version.id, wanted.rate)


def raised_audits(work: Work, version: VersionRow, policy: Policy) -> str:
    """That audits are raised, and why, with what it costs; empty where they are not."""
    rated = version.stage.serves and not version.frozen
    champion = work.candidates.get(version.candidate_id or "") if rated else None
    if champion is None or version.audit_rate is None or version.audit_rate <= policy.audit_rate:
        return ""
    suspicious = detector(work, version, champion, policy).suspicious
    return raised(version.audit_rate, _wanted(work, version, champion, policy, suspicious=suspicious).why)


def _wanted(work: Work, version: VersionRow, champion: CandidateRow, policy: Policy, *, suspicious: bool) -> Audits:
    signed = work.marks.seq(version.id)
    watch = known(work, champion) if version.stage is Stage.LIVE else None
    signals = Signals(
        suspicious=suspicious,
        signed_anew=signed > 0 and work.predictions.audit_counts(champion.id, signed).rows < CHANGED_AUDITS,
        escalations=watch.changed if watch else "",
        to_judge=_to_judge(work, version, champion, policy),
    )
    return audits(signals, policy)


def _to_judge(work: Work, version: VersionRow, champion: CandidateRow, policy: Policy) -> int | None:
    """The most uniform rows that any challenger is worth; None where there is none, or people judge it. In canary most
    calls are compared anyway.
    """
    if version.stage is not Stage.LIVE or policy.by_people:
        return None
    others = [c for c in work.candidates.active(version.id) if c.id != champion.id]
    rows = [worth_auditing(_challenge(work, champion, other, policy), policy) for other in others]
    return max((needed for needed in rows if needed is not None), default=None)


def _challenge(work: Work, champion: CandidateRow, other: CandidateRow, policy: Policy) -> Challenge:
    return Challenge(
        counts=work.predictions.promotion_counts(other.id),
        rows=work.predictions.audit_counts(other.id, other.start_seq).rows,
        coverage=_coverage(work, other),
        champion=_coverage(work, champion),
        alpha=alpha_share(other.number, policy.alpha),
    )


def _coverage(work: Work, candidate: CandidateRow) -> float:
    """As measured, or as hoped where too little was."""
    inside, uniform = work.predictions.coverage(candidate.id)
    return inside / uniform if uniform >= KNOWN else candidate.expected_coverage
