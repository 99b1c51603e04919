"""What speaks against a candidate's promotion: one objection a function, None when it does not apply.

Pure counting; knows no rows, no store and no operator.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shadowbert.domain.evidence import Counts, Move, Ruling, Verdict
from shadowbert.domain.task import Policy
from shadowbert.gating.chance import Confusion, beyond_majority, kappa, majority
from shadowbert.gating.eprocess import (
    alpha_share,
    fails,
    log_e_value,
    lower_bound,
    passes,
    rows_at_share,
    rows_to_pass,
)
from shadowbert.gating.labels import against
from shadowbert.gating.wording import calls, missing_rows, percent, seen, with_whom

MAX_FAILURES = 0.05
"""Share of eligible rows without a comparable answer above which nothing can be said about the rest."""
DRAWN = ", drawn at random and answered by people (shadowbert draw)"
LIFT_TARGET, LIFT_ALPHA = 0.70, 0.1
MIN_KAPPA = 0.4


@dataclass(frozen=True, slots=True)
class ShadowEvidence:
    """What is known about a candidate before it serves."""

    distinct: Counts
    """Rows of the slice, each input counted once: what promotion rests on."""
    calls: Counts
    """Every row of the slice, for people."""
    candidate: int
    """The task's j-th candidate that entered evidence, from 1."""
    eligible: int
    """Eligible rows since the cut-off, in the slice or not."""
    failures: int = 0
    """Those of them without a comparable answer: upstream errors, refusals, invalid answers, fallbacks."""
    confusion: Confusion = field(default_factory=dict)
    """(student's, teacher's) label of the whole answer, over the distinct rows."""
    rows_per_day: float | None = None
    """Distinct rows of the slice a day; None while unknown."""
    labels: Mapping[str, Counts] = field(default_factory=dict)
    """Agreement over the distinct rows by each label that the student said."""
    hours: int = 0
    """Hours of the day in which the distinct rows came; counted where the policy asks for any."""


Objection = Callable[[ShadowEvidence, Policy], Verdict | None]


def failing_rows(evidence: ShadowEvidence, policy: Policy) -> Verdict | None:
    if evidence.failures <= MAX_FAILURES * evidence.eligible:
        return None
    share = evidence.failures / evidence.eligible
    which = "drawn calls" if policy.by_people else "eligible calls"
    return _hold(
        evidence,
        policy,
        f"{percent(share)} of {which} brought no answer to compare with ({evidence.failures} of "
        f"{evidence.eligible}); the rest may not stand for them.",
        missing=f"failures at {percent(MAX_FAILURES)} or less of {which}",
    )


def shown_bad(evidence: ShadowEvidence, policy: Policy) -> Verdict | None:
    """The promotion test turned round: waiting longer is no use."""
    if not fails(evidence.distinct, policy.target, alpha=policy.alpha):
        return None
    return Verdict(
        Ruling.FAIL,
        Move.HOLD,
        f"Agreement{with_whom(policy)} is below {percent(policy.target)}: {seen(evidence.distinct)}."
        f"{weakest(evidence, policy)}",
        missing="another student",
        numbers=numbers(evidence, policy),
    )


def target_unproven(evidence: ShadowEvidence, policy: Policy) -> Verdict | None:
    counts, alpha = evidence.distinct, alpha_share(evidence.candidate, policy.alpha)
    too_few = max(0, policy.min_rows - counts.rows)
    if not too_few and passes(counts, policy.target, alpha=alpha):
        return None
    if_all_agree = max(too_few, rows_to_pass(counts, policy.target, alpha=alpha))
    present = 1.0 if counts.share is None else counts.share
    at_share = rows_at_share(counts, policy.target, alpha=alpha, share=present)
    if at_share is not None:
        at_share = max(too_few, at_share)
    bound = lower_bound(counts, alpha=alpha)
    return _hold(
        evidence,
        policy,
        f"Not yet shown to agree{with_whom(policy)} on more than {percent(policy.target)}: {seen(counts)}, "
        f"lower bound {percent(bound)}.{weakest(evidence, policy)}",
        missing=missing_rows(if_all_agree, at_share, evidence.rows_per_day) + (DRAWN if policy.by_people else ""),
    )


def weakest(evidence: ShadowEvidence, policy: Policy) -> str:
    """Names the label that speaks most against the target; empty where each agrees as often as that."""
    below = {name: n for name, n in evidence.labels.items() if n.share is not None and n.share < policy.target}
    if len(evidence.labels) < 2 or not below:
        return ""
    name = max(below, key=lambda name: (against(below[name], policy.target), name))
    return f" The weakest label is {name}: {seen(below[name])}."


def few_hours(evidence: ShadowEvidence, policy: Policy) -> Verdict | None:
    """Traffic at night may be other traffic. The promotion test may stop at any time, so waiting costs it nothing."""
    missing = policy.min_hours - evidence.hours
    if missing <= 0:
        return None
    return _hold(
        evidence,
        policy,
        f"The calls that count came in {evidence.hours} different hours of the day; {policy.min_hours} are asked for.",
        missing=f"calls in {missing} other hour{'s' if missing > 1 else ''} of the day",
    )


def no_lift(evidence: ShadowEvidence, policy: Policy) -> Verdict | None:
    """A student that always says the commonest label agrees often and knows nothing."""
    rare = beyond_majority(evidence.confusion)
    if passes(rare, LIFT_TARGET, alpha=LIFT_ALPHA):
        return None
    top = majority(evidence.confusion)
    judge = "people do" if policy.by_people else "the LLM does"
    label = "its commonest label" if top is None else f'"{top[0]}"'
    more = rows_to_pass(rare, LIFT_TARGET, alpha=LIFT_ALPHA)
    return _hold(
        evidence,
        policy,
        f"Where {judge} not say {label}, agreement is not yet shown to be above {percent(LIFT_TARGET)}: {seen(rare)}.",
        missing=f"about {more} more agreeing {calls(more)} with another label than {label}",
    )


def little_beyond_chance(evidence: ShadowEvidence, policy: Policy) -> Verdict | None:
    beyond = kappa(evidence.confusion)
    if beyond is not None and beyond >= MIN_KAPPA:
        return None
    return _hold(
        evidence,
        policy,
        f"Agreement is little better than chance (kappa {'unknown' if beyond is None else f'{beyond:.2f}'}).",
        missing=f"kappa of at least {MIN_KAPPA}",
    )


def _hold(evidence: ShadowEvidence, policy: Policy, reason: str, *, missing: str) -> Verdict:
    return Verdict(Ruling.INCONCLUSIVE, Move.HOLD, reason, missing=missing, numbers=numbers(evidence, policy))


def numbers(evidence: ShadowEvidence, policy: Policy) -> dict[str, float]:
    """What a verdict on this evidence rests on; what cannot be computed is left out."""
    alpha = alpha_share(evidence.candidate, policy.alpha)
    rare = beyond_majority(evidence.confusion)
    figures: Mapping[str, float | None] = {
        "agree": evidence.distinct.agree,
        "disagree": evidence.distinct.disagree,
        "calls": evidence.calls.rows,
        "calls_share": evidence.calls.share,
        "eligible": evidence.eligible,
        "failures": evidence.failures,
        "candidate": evidence.candidate,
        "alpha": alpha,
        "log_e": log_e_value(evidence.distinct, policy.target),
        "log_e_needed": -math.log(alpha),
        "lower_bound": lower_bound(evidence.distinct, alpha=alpha),
        "beyond_majority_agree": rare.agree,
        "beyond_majority_disagree": rare.disagree,
        "kappa": kappa(evidence.confusion),
    }
    return {name: float(value) for name, value in figures.items() if value is not None}


OBJECTIONS: tuple[Objection, ...] = (
    failing_rows,
    shown_bad,
    target_unproven,
    few_hours,
    no_lift,
    little_beyond_chance,
)
"""In the order in which a person would want to hear of them."""
