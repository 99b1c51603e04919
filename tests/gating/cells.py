"""The questions a statistician would ask of the gate, each answered by so many seeded streams."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from shadowbert.domain.evidence import Counts
from shadowbert.domain.task import Policy
from shadowbert.gating.audits import SUSPICIOUS_AUDIT_RATE
from shadowbert.gating.objections import OBJECTIONS, ShadowEvidence
from tests.gating.traffic import (
    TAUGHT,
    Calls,
    Traffic,
    bursts,
    clumps,
    hot,
    label_runs,
    majority,
    many_labels,
    skewed,
    topics,
)
from tests.gating.twins import (
    NEVER,
    Bools,
    Detectors,
    Ints,
    boundary,
    candidates_boundary,
    first_pass,
    promoted_at,
    steps,
)

ROWS = 5_000
CANDIDATES = 5
PUBLISHED = {
    (0.90, 0.93): 556, (0.90, 0.95): 172, (0.90, 0.97): 86,
    (0.95, 0.97): 658, (0.95, 0.98): 249, (0.95, 0.99): 131,
    (0.98, 0.99): 1_038, (0.98, 0.995): 330,
}  # fmt: skip
"""Target and true agreement to the reference's median rows at alpha 0.05, without a minimum."""
DETECTION = {
    (0.95, 0.90): (426, 802), (0.95, 0.85): (126, 225), (0.95, 0.75): (38, 72), (0.95, 0.55): (12, 22),
    (0.90, 0.85): (720, 1_299), (0.90, 0.80): (184, 352), (0.90, 0.70): (50, 98), (0.90, 0.50): (16, 31),
}  # fmt: skip
"""Alarm bar and true agreement to the reference's median and 90th percentile of audits."""
ATTACKS: Mapping[str, tuple[Traffic, bool]] = {
    "labels in runs of 50": (label_runs(0.95, stay=50), False),
    "topics in runs of 50, none above": (topics(0.935, spread=0.015, stay=50), False),
    "each text 20 times running": (bursts(0.95, length=20), False),
    "the same, every call counted": (bursts(0.95, length=20), True),
    "97 % one label": (skewed(0.95), False),
    "always the label of 97 %": (majority(0.97), False),
    "always the label of 60 %": (majority(0.60), False),
    "30 hot texts half of it, all right": (hot(0.95), False),
    "the same, 95 % only by calls": (hot(0.90), False),
    "the same, 96 % only by calls, every call": (hot(0.92), True),
    "50 labels, all at 94.5 %": (many_labels(0.945), False),
}
"""Students at or below a target of .95, and whether every call is counted in breach of the rules."""
UNSTEADY: Mapping[str, Traffic] = {
    "topics of 92 and 98 %, runs of 10": topics(0.95, spread=0.03, stay=10),
    "topics of 92 and 98 %, runs of 50": topics(0.95, spread=0.03, stay=50),
    "topics of 91 and 97 %, runs of 50": topics(0.94, spread=0.03, stay=50),
    "topics of 92 and 98 %, runs of 1,000": topics(0.95, spread=0.03, stay=1_000),
    "every tenth outcome repeats the last": clumps(0.95, correlation=0.1),
    "every third outcome repeats the last": clumps(0.95, correlation=1 / 3),
}
"""At the target on average, but above it for a while: the assumption of the test is broken."""
BLOCK = 250
"""Streams at once: no more memory than a cache likes."""
RATE = Policy().audit_rate


def _agreed(rng: np.random.Generator, p: float, streams: int, rows: int) -> Iterator[Bools]:
    for begun in range(0, streams, BLOCK):
        yield rng.random((min(BLOCK, streams - begun), rows), dtype=np.float32) < p


def ever_promoted(target: float, p: float, *, streams: int, seed: int) -> float:
    """Share of task lives in which any of five candidates with this true agreement, looked at after every one of
    5,000 rows, is shown to be above the target.
    """
    policy, promoted = Policy(target=target), np.zeros(streams, dtype=bool)
    for number in range(1, CANDIDATES + 1):
        rng, needed = np.random.default_rng([seed, number]), candidates_boundary(policy, number, ROWS)
        firsts = [first_pass(agreed, needed) for agreed in _agreed(rng, p, streams, ROWS)]
        promoted |= np.concatenate(firsts) <= ROWS
    return float(promoted.mean())


def rows_to_promotion(target: float, p: float, *, alpha: float, least: int, streams: int, seed: int) -> float:
    """The median over streams."""
    rows = 12_000 if p - target < 0.025 else 4_000
    needed, rng = boundary(target, alpha, rows, least), np.random.default_rng(seed)
    firsts = [first_pass(agreed, needed) for agreed in _agreed(rng, p, streams, rows)]
    return float(np.median(np.concatenate(firsts)))


@dataclass(slots=True)
class Attack:
    """What became of the task lives under one kind of traffic."""

    promoted: float = 0.0
    """Share of lives in which any of five candidates was."""
    stopped_by: Counter[str] = field(default_factory=Counter)
    """The first objection at the end of each candidate's rows, where none was promoted."""

    @property
    def by(self) -> str:
        return self.stopped_by.most_common(1)[0][0] if self.stopped_by else "nothing"


def attack(
    traffic: Traffic, *, streams: int, seed: int, every_call: bool = False, min_rows: int = Policy().min_rows
) -> Attack:
    """Five candidates one after the other, each on 5,000 calls of its own; `every_call` breaks the rule that an input
    counts once.
    """
    policy, outcome, promoted = Policy(min_rows=min_rows), Attack(), 0
    for life in range(streams):
        rng, let_in = np.random.default_rng([seed, life]), False
        for number in range(1, CANDIDATES + 1):
            calls = traffic(rng, TAUGHT + ROWS)
            rows = calls.after(TAUGHT) if every_call else calls.evidence()
            let_in = promoted_at(rows.said, rows.told, policy, number) is not None
            if let_in:
                break
            if number == 1:
                outcome.stopped_by[_objection(rows, policy, number)] += 1
        promoted += let_in
    outcome.promoted = promoted / streams
    return outcome


def _objection(rows: Calls, policy: Policy, number: int) -> str:
    """Of the package's own, what a person would read."""
    agree = int(rows.agreed.sum())
    pairs = Counter((f"{s:02}", f"{t:02}") for s, t in zip(rows.said.tolist(), rows.told.tolist(), strict=True))
    counts = Counts(agree, len(rows.said) - agree)
    made = ShadowEvidence(counts, counts, candidate=number, eligible=counts.rows, confusion=pairs)
    found = (objection.__name__ for objection in OBJECTIONS if objection(made, policy) is not None)
    return next(found, "nothing")


def served_below(traffic: Traffic, *, streams: int, seed: int, known_to_llm: bool = True) -> float:
    """Share of promoted students that, over the next 5,000 calls, answer a call with less than the target's agreement;
    without the rule that an input of known disagreement goes to the LLM where `known_to_llm` is False.
    """
    policy, below, promoted = Policy(), 0, 0
    for life in range(streams):
        calls = traffic(np.random.default_rng([seed, life]), TAUGHT + 2 * ROWS)
        shadow, later = calls.only(np.arange(TAUGHT + ROWS)), calls.after(TAUGHT + ROWS)
        rows = shadow.evidence()
        at = promoted_at(rows.said, rows.told, policy, 1)
        if at is None:
            continue
        promoted += 1
        known = shadow.after(TAUGHT).text[~shadow.after(TAUGHT).agreed]
        served = later.only(~np.isin(later.text, known)) if known_to_llm else later
        below += served.agreed.mean() < policy.target
    return below / max(1, promoted)


@dataclass(frozen=True, slots=True)
class Fall:
    """How long it took until the LLM answered again, a stream each; NEVER where it never did."""

    audits: Ints
    requests: Ints
    at_fixed_rate: Ints


def fall(line: float, before: float, after: float, *, streams: int, seed: int, audits: int = 3_000) -> Fall:
    """Agreement drops after 400 audits. Requests are counted from the drop, at the audit rate that suspicion sets."""
    rng, detectors = np.random.default_rng(seed), Detectors(line, streams)
    for _ in range(400):
        detectors.update(rng.random(streams) < before)
    taken, asked, fixed = (np.zeros(streams, dtype=np.int64) for _ in range(3))
    waiting = ~detectors.alarm
    for suspicious, alarm in steps(detectors, (rng.random(streams) < after for _ in range(audits))):
        taken += waiting
        asked += waiting * rng.geometric(np.where(suspicious, SUSPICIOUS_AUDIT_RATE, RATE))
        fixed += waiting * rng.geometric(RATE, streams)
        waiting = ~alarm
    return Fall(*(np.where(waiting, NEVER, each) for each in (taken, asked, fixed)))
