"""One order of one stream, lived from the first call to the last, with the product's own rules at every call.

What is the package's: the proposal of a threshold, the gate's verdicts and steps, the shares of alpha, the coins, the
detector, the audit rates, the paired test, the sizes at which students are due. What is left out of the life of a task:
labels that leave a slice by themselves, callers who ask again, a learning curve that stops growing, and the delay
between a call and the look at it. Every call comes from one caller and is answered by the stream's own teacher.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from shadowbert.domain.evidence import Counts, Move, Pair
from shadowbert.domain.student import Guess
from shadowbert.domain.task import CANARY_SHARES, Policy
from shadowbert.gating.audits import KNOWN, WORTHWHILE, Challenge, Signals, audits, worth_auditing
from shadowbert.gating.cadence import next_size, size_after_fall
from shadowbert.gating.drift import DriftDetector, tau_down
from shadowbert.gating.eprocess import alpha_share, fails, passes
from shadowbert.gating.gate import CanaryEvidence, LiveEvidence, judge_canary, judge_live, judge_shadow
from shadowbert.gating.objections import ShadowEvidence
from shadowbert.gating.paired import shown_worse
from shadowbert.gating.threshold import HORIZON, propose
from shadowbert.routing.coins import Coins
from tests.bench.shuffles.outcome import Outcome
from tests.bench.shuffles.students import Student, teach
from tests.bench.shuffles.texts import Texts

LIVE = CANARY_SHARES[-1]


@dataclass(frozen=True, slots=True)
class Knobs:
    """What is tried out: the policy, and how bets are placed."""

    policy: Policy = field(default_factory=Policy)
    growth: float = 2.0
    """By how much the examples grow from student to student."""
    horizon: int = HORIZON


@dataclass(slots=True, eq=False)
class Bet:
    """A candidate with its evidence."""

    student: Student
    threshold: float
    number: int
    hoped: float
    """Coverage that the proposal expected."""
    seen: set[str]
    """Inputs that count no more: learnt from, or counted before."""
    agree: int = 0
    disagree: int = 0
    inside: int = 0
    uniform: int = 0
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    known: set[str] = field(default_factory=set)
    """Inputs on which it is known to disagree."""
    retired: bool = False

    @property
    def counts(self) -> Counts:
        return Counts(self.agree, self.disagree)

    @property
    def coverage(self) -> float:
        return self.inside / self.uniform if self.uniform >= KNOWN else self.hoped

    def takes(self, guess: Guess) -> bool:
        return guess.joint >= self.threshold

    def observe(self, guess: Guess, told: tuple[int, ...], text: str) -> None:
        """A uniform call that the teacher has answered."""
        self.uniform += 1
        if not self.takes(guess):
            return
        self.inside += 1
        agreed = guess.answer == told
        if not agreed:
            self.known.add(text)
        if text not in self.seen:
            self.seen.add(text)
            self.agree, self.disagree = self.agree + agreed, self.disagree + (not agreed)
            self.confusion[(str(guess.answer), str(told))] += 1

    def passed(self, policy: Policy) -> bool:
        alpha = alpha_share(self.number, policy.alpha)
        if self.counts.rows < policy.min_rows or not passes(self.counts, policy.target, alpha=alpha):
            return False
        evidence = ShadowEvidence(
            self.counts, self.counts, candidate=self.number, eligible=self.counts.rows, confusion=self.confusion
        )
        return judge_shadow(evidence, policy).move is Move.PROMOTE


@dataclass(slots=True)
class Serving:
    """The champion's days."""

    bet: Bet
    detector: DriftDetector
    share: float = CANARY_SHARES[0]
    steps_rows: int = 0
    """Uniform rows of the slice since the last step."""
    latest: list[bool] = field(default_factory=list)


class Life:
    def __init__(self, texts: Texts, order: Sequence[int], knobs: Knobs, *, seed: int) -> None:
        self._texts, self._order, self._knobs, self._seed = texts, order, knobs, seed
        self._coins = Coins(f"shuffle {seed}".encode())
        self._examples: dict[str, int] = {}
        """Input to the row that taught it: the first answer counts."""
        self._due = next_size(knobs.policy.first_training, 0)
        self._learnt = 0
        self._bets: list[Bet] = []
        self._entered = 0
        self._serving: Serving | None = None
        self._pairs: dict[int, list[Pair]] = {}
        self._falls = 0

    def live(self) -> Outcome:
        """Every call in turn."""
        local: list[bool | None] = []
        opened = lived = None
        for at, row in enumerate(self._order, start=1):
            local.append(self._call(at, row))
            if len(self._examples) >= self._due:
                self._train()
            self._gate()
            if self._serving is not None:
                opened = opened or at
                lived = lived or (at if self._serving.share == LIVE else None)
        return Outcome(opened, lived, tuple(local), self._entered, self._falls)

    def _call(self, at: int, row: int) -> bool | None:
        """Whether the local answer agreed; None where the LLM answered."""
        text, told = self._texts.hashes[row], self._texts.answers[row]
        uniform, serving = True, self._serving
        if serving is not None and self._coins.in_share("version", text, serving.share):
            guess, bet = serving.bet.student.guesses[row], serving.bet
            uniform = self._coins.audited(str(at), self._rate(serving))
            if not uniform and bet.takes(guess) and text not in bet.known:
                return guess.answer == told
        self._examples.setdefault(text, row)
        if uniform:
            self._observe(row, text, told)
        return None

    def _observe(self, row: int, text: str, told: tuple[int, ...]) -> None:
        serving = self._serving
        for bet in self._bets:
            guess = bet.student.guesses[row]
            if serving is not None and bet is not serving.bet:
                champion = serving.bet.student.guesses[row].answer == told
                self._pairs.setdefault(bet.number, []).append(Pair(told, champion, guess.answer == told))
            elif serving is not None and bet.takes(guess) and text not in bet.known:
                self._audit(serving, agreed=guess.answer == told)
            bet.observe(guess, told, text)

    def _audit(self, serving: Serving, *, agreed: bool) -> None:
        serving.detector.update(agreed)
        serving.latest.append(agreed)
        serving.steps_rows += 1

    def _rate(self, serving: Serving) -> float:
        """At which calls are audited now."""
        policy, champion = self._knobs.policy, serving.bet
        asked = [worth_auditing(_challenge(bet, champion, policy), policy) for bet in self._bets if bet is not champion]
        waiting = min((rows for rows in asked if rows is not None), default=None)
        return (
            audits(Signals(suspicious=serving.detector.suspicious, to_judge=waiting), policy).rate or policy.audit_rate
        )

    def _train(self) -> None:
        learnt = list(self._examples.values())
        texts, policy = self._texts, self._knobs.policy
        answers = np.array([texts.answers[row] for row in learnt], dtype=np.int64)
        student = teach(texts.features, learnt, answers, texts.sizes, seed=self._seed)
        self._learnt = len(learnt)
        self._due = max(policy.first_training, round(self._knobs.growth * self._learnt))
        alpha = alpha_share(self._entered + 1, policy.alpha)
        proposal = propose(student.own, policy.target, alpha=alpha, horizon=self._knobs.horizon)
        if proposal is not None:
            self._enter(student, proposal.threshold, proposal.expected_coverage, set(self._examples))

    def _enter(self, student: Student, threshold: float, hoped: float, seen: set[str]) -> None:
        self._entered += 1
        self._bets.append(Bet(student, threshold, self._entered, hoped, seen))

    def _gate(self) -> None:
        if self._serving is not None:
            self._watch(self._serving)
        policy = self._knobs.policy
        champion = self._serving.bet if self._serving else None
        self._bets = [b for b in self._bets if b is champion or not fails(b.counts, policy.target, alpha=policy.alpha)]
        fit = [bet for bet in self._bets if bet is not champion and bet.passed(policy) and self._wider(bet, champion)]
        best = max(fit, key=lambda bet: bet.coverage, default=None)
        if best is not None:
            self._serve(best)

    def _wider(self, bet: Bet, champion: Bet | None) -> bool:
        if champion is None:
            return True
        pairs = self._pairs.get(bet.number, [])
        wider = bet.coverage >= champion.coverage + WORTHWHILE
        return wider and not shown_worse(pairs, alpha=self._knobs.policy.alpha)

    def _serve(self, bet: Bet) -> None:
        before = self._serving
        if before is not None:
            self._bets.remove(before.bet)
        self._serving = Serving(bet, DriftDetector(tau_down(self._knobs.policy.target)))
        if before is not None:
            self._serving.share = before.share

    def _watch(self, serving: Serving) -> None:
        """Step up, or fall."""
        policy, detector = self._knobs.policy, serving.detector.value
        if serving.share == LIVE:
            verdict = judge_live(LiveEvidence(detector, serving.latest), policy)
        else:
            verdict = judge_canary(CanaryEvidence(serving.share, serving.steps_rows, detector), policy)
        if verdict.move is Move.PROMOTE and verdict.share is not None:
            serving.share, serving.steps_rows = verdict.share, 0
        elif verdict.move is Move.DEMOTE:
            self._fall(serving.bet)

    def _fall(self, bet: Bet) -> None:
        """Back to the LLM; the student comes back only on new evidence and a new share of alpha."""
        self._serving = None
        self._falls += 1
        self._bets.remove(bet)
        self._enter(bet.student, bet.threshold, bet.hoped, set(bet.seen))
        self._due = min(self._due, size_after_fall(self._learnt))


def _challenge(bet: Bet, champion: Bet, policy: Policy) -> Challenge:
    alpha = alpha_share(bet.number, policy.alpha)
    return Challenge(bet.counts, bet.inside, bet.coverage, champion.coverage, alpha)
