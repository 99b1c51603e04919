"""The gate: what the evidence on a candidate allows. One question a function, one verdict an answer.

Which rows are evidence is settled before (DESIGN's rules of evidence): only rows loaded after the student's cut-off, in
the slice under the policy then in force, uniform ones, each distinct input once for promotion. The gate knows counts,
never rows, and causes nothing: a station carries out the move.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shadowbert.domain.evidence import Counts, Move, Ruling, Verdict
from shadowbert.domain.task import CANARY_SHARES, Policy, Stage
from shadowbert.gating import retries
from shadowbert.gating.drift import ALARM_AT
from shadowbert.gating.objections import OBJECTIONS, ShadowEvidence, numbers
from shadowbert.gating.retries import NO_REPEATS, Repeats
from shadowbert.gating.wording import calls, percent, seen, with_whom

CANARY_STEP_ROWS = 50
WATCHED_AUDITS = 200
MIN_AUDITS = 50
ASKED_AGAIN = "asked_again_e"
"""The figure of a verdict that clients have brought about by asking again."""


@dataclass(frozen=True, slots=True)
class CanaryEvidence:
    share: float
    uniform_rows: int
    """Uniform rows of the slice since the last step."""
    detector: float
    """Value of the drift detector on the audits so far."""
    repeats: Repeats = NO_REPEATS
    """Since the last step."""


@dataclass(frozen=True, slots=True)
class LiveEvidence:
    detector: float
    latest: Sequence[bool] = ()
    """Outcomes of the latest uniform rows of the slice, oldest first; the promotion's own rows stand at the start."""


def judge_shadow(evidence: ShadowEvidence, policy: Policy) -> Verdict:
    """May this candidate begin to serve? The first reason against it decides."""
    verdict = next((found for object_to in OBJECTIONS if (found := object_to(evidence, policy))), None)
    return verdict or Verdict(
        Ruling.PASS,
        Move.PROMOTE,
        f"Agreement{with_whom(policy)} is above {percent(policy.target)}: {seen(evidence.distinct)}.",
        stage=Stage.CANARY,
        share=CANARY_SHARES[0],
        numbers=numbers(evidence, policy),
    )


def judge_canary(evidence: CanaryEvidence, policy: Policy) -> Verdict:
    """May this candidate serve more, or must it stop? An alarm comes before everything."""
    if evidence.detector >= ALARM_AT:
        return _demotion(evidence.detector, policy)
    impatience = retries.e_value(evidence.repeats, evidence.share)
    said = f"After its answers more than after the LLM's, {evidence.repeats.words(evidence.share)}."
    if impatience >= retries.ALARM_AT:
        return replace(_demotion(evidence.detector, policy), reason=said, numbers={ASKED_AGAIN: impatience})
    figures = {"detector": evidence.detector, "uniform_rows": float(evidence.uniform_rows), "share": evidence.share}
    figures |= {"repeats_student": float(evidence.repeats.student), "repeats_llm": float(evidence.repeats.llm)}
    missing = CANARY_STEP_ROWS - evidence.uniform_rows
    if missing > 0:
        return Verdict(
            Ruling.INCONCLUSIVE,
            Move.HOLD,
            f"{evidence.uniform_rows} of {CANARY_STEP_ROWS} checked calls since the last step, no alarm.",
            missing=f"{missing} more checked {calls(missing)}",
            numbers=figures,
        )
    if impatience >= retries.HOLD_AT:
        fewer = "fewer clients that ask again after its answers"
        return Verdict(Ruling.INCONCLUSIVE, Move.HOLD, f"{said} That may be luck.", missing=fewer, numbers=figures)
    share = next((share for share in CANARY_SHARES if share > evidence.share), CANARY_SHARES[-1])
    return Verdict(
        Ruling.PASS,
        Move.PROMOTE,
        f"{evidence.uniform_rows} checked calls since the last step and no alarm.",
        stage=Stage.LIVE if share == CANARY_SHARES[-1] else Stage.CANARY,
        share=share,
        numbers=figures,
    )


def judge_live(evidence: LiveEvidence, policy: Policy) -> Verdict:
    """Must this student stop? Short of an alarm, says whether the latest audits support it."""
    if evidence.detector >= ALARM_AT:
        return _demotion(evidence.detector, policy)
    latest = _window(evidence.latest)
    figures = {"detector": evidence.detector, "agree": float(latest.agree), "disagree": float(latest.disagree)}
    if supported(evidence.latest, policy.target):
        return Verdict(Ruling.PASS, Move.HOLD, f"The latest audits agree: {seen(latest)}.", numbers=figures)
    return Verdict(
        Ruling.INCONCLUSIVE,
        Move.HOLD,
        f"The latest audits do not support {percent(policy.target)}: {seen(latest)}.",
        missing=f"{percent(policy.target)} agreement among the latest {WATCHED_AUDITS} audits",
        numbers=figures,
    )


def supported(latest: Sequence[bool], target: float) -> bool:
    """Do the latest 200 audits still support the target? False turns the page red; only the detector demotes.

    The plain share, at least the target, over at least 50 rows: what a person would compute from the page, no bound
    and no slack in the student's favour, and no evidence is no support. So it errs towards red: with a target of 95 %
    the page is red at 4 % of all moments while the truth is 97 %, 18 % at 96 %, 42 % at exactly 95 %; after a fall it
    is red at 83 % of them at 93 % and at 99 % at 90 %.

    >>> supported([True] * 190 + [False] * 10, 0.95), supported([True] * 189 + [False] * 11, 0.95)
    (True, False)
    >>> supported([False] * 100 + [True] * 200, 0.95), supported([True] * 49, 0.95)
    (True, False)
    """
    counts = _window(latest)
    enough = target * counts.rows - 1e-9  # a product of floats can be a hair too high
    return counts.rows >= MIN_AUDITS and counts.agree >= enough


def _demotion(detector: float, policy: Policy) -> Verdict:
    return Verdict(
        Ruling.FAIL,
        Move.DEMOTE,
        f"The audits show that agreement fell more than 2 points below {percent(policy.target)}.",
        missing="a new candidate's evidence",
        stage=Stage.SHADOW,
        share=0.0,
        numbers={"detector": detector},
    )


def _window(latest: Sequence[bool]) -> Counts:
    window = latest[-WATCHED_AUDITS:]
    return Counts(agree=sum(window), disagree=len(window) - sum(window))
