"""The station that notices when nobody checks a serving student any more: all that would check it fails.

It says so in the version's state, and takes the version back to the LLM when that has lasted for as long as the policy
lets pass, unless an operator froze it. One answered call ends it. Judges no agreement: the gate does.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from shadowbert.domain.evidence import Move, Ruling, Transition, Unanswered, Verdict
from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import StaleState
from shadowbert.flow.candidates import retire_and_reenter
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.rule import rule
from shadowbert.flow.unchecked import tried_of, unchecked_of
from shadowbert.gating.unaudited import absence, unchecked, why

log = logging.getLogger(__name__)

GATE = "gate"
LOOK_EVERY_S = 5.0
"""Absences are told in minutes at the soonest."""


@dataclass(slots=True)
class Unaudited:
    ledger: Ledger
    policy: Policy
    """The default."""
    clock: Callable[[], float]
    _looked_at: float | None = field(default=None, init=False)

    def step(self) -> int:
        """Look at every serving version. Returns of how many it had anything to say."""
        now = self.clock()
        if self._looked_at is not None and abs(now - self._looked_at) < LOOK_EVERY_S:
            return 0
        self._looked_at = now
        with self.ledger.read() as work:
            serving = [v for v in work.tasks.versions() if v.stage.serves and v.replaced_by is None]
            tried = [(v, tried_of(work, v)) for v in serving]
        return sum(self._follow(version, found) for version, found in tried if _worth_a_look(version, found))

    def _follow(self, version: VersionRow, tried: Unanswered) -> bool:
        try:
            with self.ledger.write() as work:
                return self._looked(work, version, tried)
        except StaleState:
            log.info("task %s was moved by somebody else; looking again", version.task)
            return False

    def _looked(self, work: Work, version: VersionRow, tried: Unanswered) -> bool:
        hours = rule(work, version.task_id, self.policy).unaudited_hours
        if version.unaudited is None:
            if hours:
                self._notice(work, version, tried, hours)
            else:
                self._take_down(work, version, tried)
            return True
        if tried.answered_seq > version.unaudited:
            self._end(work, version)
            return True
        known = unchecked_of(work, version, replace(self.policy, unaudited_hours=hours))
        if known is None or known.deadline is None or self.clock() < known.deadline:
            return False
        self._take_down(work, version, tried)
        return True

    def _notice(self, work: Work, version: VersionRow, tried: Unanswered, hours: int) -> None:
        lasting = f"{hours} hour{'' if hours == 1 else 's'}"
        said = f"Nobody checks its answers: {why(tried)}. It serves on for {lasting}, unless an operator chooses."
        to = replace(self._stay(version, said), unaudited=tried.first_seq)
        numbers = {"failed": float(tried.calls), "hours": float(hours)}
        self._move(work, version, Verdict(Ruling.INCONCLUSIVE, Move.STEP, said, numbers=numbers), to)

    def _end(self, work: Work, version: VersionRow) -> None:
        local = unchecked(work.exchanges.local_answers(version.id, version.unaudited or 0))
        lifted = " What an operator froze is free again." if version.frozen else ""
        said = f"The LLM answers again: the answers are checked as before ({local}).{lifted}"
        to = replace(self._stay(version, said), unaudited=None, frozen=False)
        self._move(work, version, Verdict(Ruling.INCONCLUSIVE, Move.STEP, said), to)

    def _take_down(self, work: Work, version: VersionRow, tried: Unanswered) -> None:
        """Agreement fell below nothing, but nobody looked: as after any break, it must be earned anew."""
        champion = work.candidates.get(version.candidate_id or "")
        local = work.exchanges.local_answers(version.id, version.unaudited or tried.first_seq)
        said = f"Nobody has checked its answers for as long as the policy lets pass: {why(tried)}; {unchecked(local)}."
        numbers = {"failed": float(tried.calls), "answered_locally": float(local)}
        verdict = Verdict(Ruling.INCONCLUSIVE, Move.DEMOTE, said, missing="an LLM that answers", numbers=numbers)
        to = Transition(Stage.SHADOW, 0.0, None, by=GATE, why=said, at=self.clock())
        self._move(work, version, verdict, to)
        work.tasks.set_audit_rate(version.id, None)
        if champion is not None:
            retire_and_reenter(work, champion, why=said, at=self.clock())

    def _stay(self, version: VersionRow, said: str) -> Transition:
        return version.stay(by=GATE, why=said, at=self.clock())

    def _move(self, work: Work, version: VersionRow, verdict: Verdict, to: Transition) -> None:
        work.tasks.move(version, verdict, to)
        log.info("task %s: %s", version.task, verdict.reason)


def _worth_a_look(version: VersionRow, tried: Unanswered) -> bool:
    return version.unaudited is not None or absence(tried) is not None
