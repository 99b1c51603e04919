"""The station that looks at the evidence and moves versions between stages.

It decides nothing itself (the gate does) and trains nothing: a fall queues a training, a pass serves.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.errors import StaleState
from shadowbert.flow.audits import tune
from shadowbert.flow.candidates import retire_and_reenter
from shadowbert.flow.evidence import Standing, Watch, promotion_counts, serving_verdict, stand
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.rule import rule
from shadowbert.gating.audits import WORTHWHILE
from shadowbert.gating.cadence import size_after_fall
from shadowbert.gating.eprocess import alpha_share, fails, passes
from shadowbert.gating.gate import ASKED_AGAIN
from shadowbert.gating.paired import shown_worse
from shadowbert.gating.wording import seen

log = logging.getLogger(__name__)

GATE = "gate"

Fingerprint = tuple[int, int, tuple[tuple[str, int], ...]]
"""The version's epoch, of how many drawn calls people have told what is right, and how far its candidates have come:
while it is the same, so is every verdict.
"""


@dataclass(slots=True)
class Promote:
    ledger: Ledger
    policy: Policy
    clock: Callable[[], float]
    _seen: dict[str, Fingerprint] = field(default_factory=dict)
    _watches: dict[str, Watch] = field(default_factory=dict)

    def step(self) -> int:
        """Look at every version with new evidence once. Returns how many moved."""
        with self.ledger.read() as work:
            prints = [(v, _fingerprint(work, v)) for v in work.tasks.versions() if v.replaced_by is None]
        moved = 0
        for version, fingerprint in prints:
            if self._seen.get(version.id) == fingerprint:
                continue
            try:
                with self.ledger.write() as work:
                    moved += self._look(work, version)
                self._seen[version.id] = fingerprint
            except StaleState:
                log.info("task %s was moved by somebody else; looking again", version.task)
        with self.ledger.write() as work:
            work.marks.set(GATE, at=self.clock())
        return moved

    def _rule(self, work: Work, version: VersionRow) -> Policy:
        return rule(work, version.task_id, self.policy)

    def _look(self, work: Work, version: VersionRow) -> bool:
        if version.stage.serves:
            return self._watch(work, version)
        if version.stage is not Stage.SHADOW or version.held or not self._rule(work, version).autopilot:
            return False
        return self._open(work, version)

    def _open(self, work: Work, version: VersionRow) -> bool:
        """Let the best candidate that passed begin to serve."""
        passed = self._passed(work, version, work.candidates.active(version.id))
        if not passed:
            return False
        best = max(passed, key=lambda standing: standing.coverage or 0.0)
        self._move(work, version, best.verdict, champion=best.candidate.id)
        return True

    def _watch(self, work: Work, version: VersionRow) -> bool:
        """Step the champion up, take it down, or let a challenger take its place."""
        champion = work.candidates.get(version.candidate_id or "")
        if champion is None:
            return False
        policy = self._rule(work, version)
        watch = self._watches.setdefault(version.id, Watch()).over(work, version, champion, policy)
        verdict = serving_verdict(work, version, champion, policy, watch=watch)
        if verdict.move is Move.DEMOTE:
            self._demote(work, version, champion, verdict)
            return True
        unchecked = version.unaudited is not None  # then nothing but an alarm moves it
        tune(work, version, champion, policy, suspicious=watch.suspicious)
        doubtful = unchecked or verdict.ruling is Ruling.FAIL
        if version.forced and not doubtful and self._approve(work, version, champion):
            return True
        if unchecked or not policy.autopilot:
            return False
        if self._challenge(work, version, champion):
            return True
        if verdict.move is Move.PROMOTE:
            self._move(work, version, verdict, champion=champion.id, forced=version.forced)
        return verdict.move is Move.PROMOTE

    def _approve(self, work: Work, version: VersionRow, champion: CandidateRow) -> bool:
        """A forced cut-over is one no longer as soon as the gate would have agreed."""
        verdict = stand(work, version, champion, self._rule(work, version)).verdict
        if verdict.move is not Move.PROMOTE:
            return False
        reason = f"The gate now agrees with the cut-over. {verdict.reason}"
        agreed = replace(verdict, move=Move.STEP, reason=reason, stage=version.stage, share=version.share)
        self._move(work, version, agreed, champion=champion.id)
        return True

    def _demote(self, work: Work, version: VersionRow, champion: CandidateRow, verdict: Verdict) -> None:
        """Back to the LLM at once; the student may come back only on new evidence and a new share of alpha."""
        self._move(work, version, verdict, champion=None)
        retire_and_reenter(work, champion, why=verdict.reason, at=self.clock())
        enough = size_after_fall(work.jobs.last_size(version.id))
        cause = "clients asked again" if ASKED_AGAIN in verdict.numbers else "agreement fell"
        work.jobs.queue(version.id, cause=cause, at=self.clock(), waits_for=enough)
        work.tasks.set_audit_rate(version.id, None)

    def _challenge(self, work: Work, version: VersionRow, champion: CandidateRow) -> bool:
        """A challenger replaces the champion on its own evidence, if it covers more and no label is shown worse."""
        inside, uniform = work.predictions.coverage(champion.id)
        others = [c for c in work.candidates.active(version.id) if c.id != champion.id]
        for standing in self._passed(work, version, others):
            gained = (standing.coverage or 0.0) - (inside / uniform if uniform else 0.0)
            wider = gained >= WORTHWHILE or _gives_back(champion, standing.candidate)
            pairs = work.predictions.pairs(champion.id, standing.candidate.id)
            if wider and not shown_worse(pairs, alpha=self._rule(work, version).alpha):
                self._replace(work, version, champion, standing)
                return True
        return False

    def _passed(self, work: Work, version: VersionRow, candidates: Iterable[CandidateRow]) -> list[Standing]:
        """Those that the gate lets serve. The whole evidence is gathered only where its first number allows a pass."""
        policy = self._rule(work, version)
        hopeful = [c for c in candidates if _hopeful(work, c, policy)]
        standings = [stand(work, version, c, policy) for c in hopeful]
        return [s for s in standings if s.verdict.move is Move.PROMOTE]

    def _replace(self, work: Work, version: VersionRow, champion: CandidateRow, standing: Standing) -> None:
        verdict = Verdict(
            Ruling.PASS,
            Move.PROMOTE,
            f"A new student passed on its own evidence and covers more. {standing.verdict.reason}",
            stage=version.stage,
            share=version.share,
            numbers=standing.verdict.numbers,
        )
        self._move(work, version, verdict, champion=standing.candidate.id)
        work.candidates.retire(champion.id, "replaced by a challenger")

    def _move(
        self, work: Work, version: VersionRow, verdict: Verdict, *, champion: str | None, forced: bool = False
    ) -> None:
        to = Transition(
            stage=verdict.stage or version.stage,
            share=version.share if verdict.share is None else verdict.share,
            candidate_id=champion,
            by=GATE,
            why=verdict.reason,
            at=self.clock(),
            forced=forced,
            alarms_off=version.alarms_off and champion is not None and champion == version.candidate_id,
        )
        work.tasks.move(version, verdict, to)
        log.info("task %s: %s -> %s (%s)", version.task, version.stage, to.stage, verdict.reason)


def _hopeful(work: Work, candidate: CandidateRow, policy: Policy) -> bool:
    """Whether it is shown to be above the target. One shown to be below ends here: waiting would not save it."""
    counts = promotion_counts(work, candidate, policy)
    if fails(counts, policy.target, alpha=policy.alpha):
        work.candidates.retire(candidate.id, f"agreement is below the target: {seen(counts)}")
    return passes(counts, policy.target, alpha=alpha_share(candidate.number, policy.alpha))


def _gives_back(champion: CandidateRow, challenger: CandidateRow) -> bool:
    """Whether it is the same bet with labels that an operator took back from the LLM: wanted however few they are."""
    same = (champion.student_id, champion.slice.threshold) == (challenger.student_id, challenger.slice.threshold)
    return same and challenger.slice.excluded < champion.slice.excluded


def _fingerprint(work: Work, version: VersionRow) -> Fingerprint:
    return version.epoch, work.draws.told(version.id), tuple(sorted(work.candidates.cursors(version.id).items()))
