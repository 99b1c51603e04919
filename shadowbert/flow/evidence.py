"""Gathers from the store what the gate judges, by the rules of evidence. Shared by promote, operate and report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.contract import Answer, Contract
from shadowbert.domain.evidence import Counts, Move, Ruling, Verdict
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.ledger import Work
from shadowbert.flow.people import named_labels, people_alarm, people_counts, people_evidence, watched
from shadowbert.gating.drift import DriftDetector, tau_down
from shadowbert.gating.gate import (
    WATCHED_AUDITS,
    CanaryEvidence,
    LiveEvidence,
    judge_canary,
    judge_live,
    judge_shadow,
)
from shadowbert.gating.objections import ShadowEvidence
from shadowbert.gating.retries import Repeats

FAILURES = frozenset(reason.value for reason in Unfit if reason.failure)
MATCHING = 0.999


@dataclass(frozen=True, slots=True)
class Standing:
    """How one candidate stands: the gate's verdict and the counts that people ask for."""

    candidate: CandidateRow
    verdict: Verdict
    counts: Counts
    coverage: float | None
    """Share of uniform rows inside the slice."""


def promotion_counts(work: Work, candidate: CandidateRow, policy: Policy) -> Counts:
    """What promotion rests on: agreement with the teacher, or with people where the policy says so."""
    return people_counts(work, candidate) if policy.by_people else work.predictions.promotion_counts(candidate.id)


def stand(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> Standing:
    """Judge a candidate that does not serve, on its promotion evidence."""
    evidence = shadow_evidence(work, version, candidate, policy)
    if policy.min_hours:
        evidence = replace(evidence, hours=work.predictions.hours(candidate.id))
    inside, uniform = work.predictions.coverage(candidate.id)
    judged = _unless_mismatched(work, candidate, judge_shadow(evidence, policy))
    verdict = _unless_unfilled(version, _unless_unconfirmed(version, judged))
    return Standing(candidate, verdict, evidence.distinct, inside / uniform if uniform else None)


def shadow_evidence(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> ShadowEvidence:
    if policy.by_people:
        return people_evidence(work, version, candidate)
    endings, confusion = work.calls.endings(version.id, candidate.start_seq), work.predictions.confusion(candidate.id)
    return ShadowEvidence(
        distinct=work.predictions.promotion_counts(candidate.id),
        calls=work.predictions.audit_counts(candidate.id, candidate.start_seq),
        candidate=candidate.number,
        eligible=sum(endings.values()),
        failures=sum(n for unfit, n in endings.items() if unfit in FAILURES),
        confusion=_readable(version.contract, confusion),
        labels=named_labels(version.contract, _agreements(confusion)),
    )


Confused = Sequence[tuple[Answer, Answer, int]]


def _readable(contract: Contract, confusion: Confused) -> dict[tuple[str, str], int]:
    def text(answer: Answer) -> str:
        return " · ".join(contract.describe(answer).values())

    return {(text(student), text(teacher)): n for student, teacher, n in confusion}


def _agreements(confusion: Confused) -> dict[Answer, Counts]:
    """By what the student said."""
    found: dict[Answer, Counts] = {}
    for said, told, n in confusion:
        had = found.get(said, Counts())
        found[said] = Counts(had.agree + n * (said == told), had.disagree + n * (said != told))
    return found


def detector(work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> DriftDetector:
    """The drift detector over every uniform row of the slice since this candidate began to serve."""
    return Watch().over(work, version, candidate, policy)


@dataclass(slots=True)
class Watch:
    """A champion's drift detector that is shown each audit once, however often it is asked for."""

    serving: tuple[str, int, float] = ("", 0, 0.0)
    """The candidate, the load sequence at which it became the champion, and the target."""
    seen: int = 0
    detector: DriftDetector | None = None

    def over(self, work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy) -> DriftDetector:
        since = work.tasks.champion_since(version.id, candidate.id)
        target = watched(work, version, candidate, policy).target
        serving = candidate.id, since, target  # at another target the past is looked at again
        if self.detector is None or self.serving != serving:
            self.serving, self.seen, self.detector = serving, since, DriftDetector(tau_down(target))
        for seq, agreed in work.predictions.audits(candidate.id, self.seen):
            self.detector.update(agreed)
            self.seen = seq
        return self.detector


def serving_verdict(
    work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy, *, watch: DriftDetector | None = None
) -> Verdict:
    """Judge the champion; `watch` is its drift detector where that is at hand."""
    audits = (watch or detector(work, version, candidate, policy)).value
    value = max(audits, people_alarm(work, version, candidate, policy))
    policy = watched(work, version, candidate, policy)
    if version.stage is Stage.CANARY:
        rows = work.predictions.audit_counts(candidate.id, version.stage_seq).rows
        repeats = Repeats(*work.calls.asked_again(version.id, candidate.id, after=version.stage_seq))
        judged = judge_canary(CanaryEvidence(version.share, rows, value, repeats), policy)
        return _unless_switched_off(version, _unless_mismatched(work, candidate, judged))
    latest = work.predictions.latest(candidate.id, limit=WATCHED_AUDITS)
    return _unless_switched_off(version, judge_live(LiveEvidence(value, latest), policy))


def mismatch(repeats: Counts) -> str | None:
    """What to say when a student predicts otherwise in the web processes than in the worker: it is one artifact, and
    must match on 99.9 % of rows. None while it does. One difference may be luck and is let pass; no test, no slack.

    >>> mismatch(Counts(agree=10, disagree=1)) is mismatch(Counts(agree=999, disagree=2)) is None
    True
    >>> mismatch(Counts(agree=900, disagree=2))
    'The worker predicts otherwise than the web processes did on 2 of 902 calls; they must match on 99.9%.'
    """
    if repeats.disagree <= 1 + (1 - MATCHING) * repeats.rows:
        return None
    return (
        f"The worker predicts otherwise than the web processes did on {repeats.disagree} of {repeats.rows} calls; "
        f"they must match on {MATCHING:.1%}."
    )


def _unless_switched_off(version: VersionRow, verdict: Verdict) -> Verdict:
    """An operator's word against the alarms: what they say is told, and not done."""
    if verdict.move is not Move.DEMOTE or not version.alarms_off:
        return verdict
    said = f"{verdict.reason} Its alarms are switched off: it goes on answering."
    return Verdict(Ruling.FAIL, Move.HOLD, said, missing="an operator's rollback", numbers=verdict.numbers)


def _unless_mismatched(work: Work, candidate: CandidateRow, verdict: Verdict) -> Verdict:
    """Nothing more is served on evidence that another machine cannot repeat."""
    if verdict.move is not Move.PROMOTE or (said := mismatch(work.predictions.repeats(candidate.student_id))) is None:
        return verdict
    return Verdict(Ruling.INCONCLUSIVE, Move.HOLD, said, missing="predictions that match", numbers=verdict.numbers)


def _unless_unconfirmed(version: VersionRow, verdict: Verdict) -> Verdict:
    """What labels there are was read off the answers: a person must say that it is right."""
    if verdict.move is not Move.PROMOTE or version.confirmed:
        return verdict
    said = "No request states the answers that are allowed: they were inferred, and nobody has confirmed them."
    asks = f"a confirmation of the inferred contract (shadowbert confirm {version.task})"
    return Verdict(Ruling.INCONCLUSIVE, Move.HOLD, said, missing=asks, numbers=verdict.numbers)


def _unless_unfilled(version: VersionRow, verdict: Verdict) -> Verdict:
    """A student that answers only a part of what is asked answers nothing."""
    if verdict.move is not Move.PROMOTE or not version.unfilled:
        return verdict
    first = version.unfilled[0]
    names = ", ".join(f"`{part.name}`" for part in version.unfilled)
    said = f"A part of the answer is no choice between labels, and nobody has said what to put there: {names}."
    way = "--value JSON" if first.required else "--value JSON or --omit"
    asks = f"a filling for {names} (shadowbert fill {version.task} {first.name} {way})"
    return Verdict(Ruling.INCONCLUSIVE, Move.HOLD, said, missing=asks, numbers=verdict.numbers)
