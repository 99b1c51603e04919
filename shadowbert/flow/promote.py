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
from shadowbert.flow.challenge import REPLACED, passing, successor
from shadowbert.flow.evidence import Standing, Watch, promotion_counts, serving_verdict, stand
from shadowbert.flow.leaving import LabelsWatched, told, vary
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.narrowing import Gone, alarm_of, narrow, quiet_without, reenter
from shadowbert.flow.rule import rule
from shadowbert.gating.cadence import size_after_fall
from shadowbert.gating.eprocess import fails
from shadowbert.gating.gate import ASKED_AGAIN
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
    _labels: dict[str, LabelsWatched] = field(default_factory=dict)

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
        if version.stage is not Stage.SHADOW:
            return False
        if self._vary(work, version):
            return True
        return not version.held and self._rule(work, version).autopilot and self._open(work, version)

    def _open(self, work: Work, version: VersionRow) -> bool:
        """Let the best candidate that passed begin to serve."""
        passed = self._passed(work, version, work.candidates.active(version.id))
        if not passed:
            return False
        best = max(passed, key=lambda standing: standing.coverage or 0.0)
        self._serve(work, version, best.verdict, best.candidate)
        return True

    def _serve(self, work: Work, version: VersionRow, verdict: Verdict, candidate: CandidateRow) -> None:
        """Never for a moment with a label that is known to be bad."""
        moved = self._move(work, version, verdict, champion=candidate.id)
        self._expel(work, moved, candidate, self._bad_labels(work, moved, candidate))

    def _vary(self, work: Work, version: VersionRow) -> bool:
        """Enter a variant of a candidate that is better off without a label, of one at a time."""
        waiting = [c for c in work.candidates.active(version.id) if c.id != version.candidate_id]
        return vary(work, version, waiting, self._rule(work, version), at=self.clock()) is not None

    def _bad_labels(self, work: Work, version: VersionRow, champion: CandidateRow) -> Gone:
        if version.alarms_off:
            return ()
        watched = self._labels.setdefault(version.id, LabelsWatched())
        return watched.leaving(work, version, champion, self._rule(work, version))

    def _expel(self, work: Work, version: VersionRow, champion: CandidateRow, gone: Gone) -> bool:
        """Let no label serve on that is shown bad, nor the rest where it may not serve by itself."""
        if not gone:
            return False
        policy = self._rule(work, version)
        alarm = alarm_of(work, version, champion, gone, policy)
        if alarm is None:
            narrow(work, version, champion, gone, policy, at=self.clock())
        else:
            self._demote(work, version, champion, alarm, gone=gone)
        return True

    def _watch(self, work: Work, version: VersionRow) -> bool:
        """Step the champion up, take it down, or let a challenger take its place."""
        champion = work.candidates.get(version.candidate_id or "")
        if champion is None:
            return False
        policy = self._rule(work, version)
        watch = self._watches.setdefault(version.id, Watch()).over(work, version, champion, policy)
        verdict = serving_verdict(work, version, champion, policy, watch=watch)
        gone = self._bad_labels(work, version, champion)
        by_clients = ASKED_AGAIN in verdict.numbers
        if verdict.move is Move.DEMOTE and (by_clients or not quiet_without(work, version, champion, gone, policy)):
            weakest = f" {told(version.contract, gone, policy)}" if gone and not by_clients else ""
            self._demote(work, version, champion, replace(verdict, reason=f"{verdict.reason}{weakest}"))
            return True
        if self._expel(work, version, champion, gone):
            return True
        unchecked = version.unaudited is not None  # then nothing but an alarm moves it
        tune(work, version, champion, policy, suspicious=watch.suspicious)
        doubtful = unchecked or verdict.ruling is Ruling.FAIL
        approved = version.forced and not doubtful and self._approve(work, version, champion)
        if approved or self._vary(work, version):
            return True
        return not unchecked and policy.autopilot and self._advance(work, version, champion, verdict)

    def _advance(self, work: Work, version: VersionRow, champion: CandidateRow, verdict: Verdict) -> bool:
        """Let a challenger take the champion's place, or let it step up."""
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

    def _demote(
        self, work: Work, version: VersionRow, champion: CandidateRow, verdict: Verdict, *, gone: Gone = ()
    ) -> None:
        """Back to the LLM at once; the student may come back only on new evidence and a new share of alpha, and without
        the labels that are gone.
        """
        self._move(work, version, verdict, champion=None)
        reenter(work, version, champion, gone, why=verdict.reason, at=self.clock())
        enough = size_after_fall(work.jobs.last_size(version.id))
        cause = "clients asked again" if ASKED_AGAIN in verdict.numbers else "agreement fell"
        work.jobs.queue(version.id, cause=cause, at=self.clock(), waits_for=enough)
        work.tasks.set_audit_rate(version.id, None)

    def _challenge(self, work: Work, version: VersionRow, champion: CandidateRow) -> bool:
        policy = self._rule(work, version)
        self._give_up(work, [c for c in work.candidates.active(version.id) if c.id != champion.id], policy)
        best = successor(work, version, champion, policy)
        if best is not None:
            self._replace(work, version, champion, best)
        return best is not None

    def _passed(self, work: Work, version: VersionRow, candidates: Iterable[CandidateRow]) -> list[Standing]:
        """Those that the gate lets serve."""
        policy = self._rule(work, version)
        hopeful = self._give_up(work, candidates, policy)
        return [standing for c in hopeful if (standing := passing(work, version, c, policy))]

    def _give_up(self, work: Work, candidates: Iterable[CandidateRow], policy: Policy) -> list[CandidateRow]:
        """End those that are shown to be below the target, for waiting would not save them. Returns the others."""
        left = []
        for candidate in candidates:
            counts = promotion_counts(work, candidate, policy)
            if fails(counts, policy.target, alpha=policy.alpha):
                work.candidates.retire(candidate.id, f"agreement is below the target: {seen(counts)}")
            else:
                left.append(candidate)
        return left

    def _replace(self, work: Work, version: VersionRow, champion: CandidateRow, standing: Standing) -> None:
        verdict = Verdict(
            Ruling.PASS,
            Move.PROMOTE,
            f"A new student passed on its own evidence and covers more. {standing.verdict.reason}",
            stage=version.stage,
            share=version.share,
            numbers=standing.verdict.numbers,
        )
        work.candidates.retire(champion.id, REPLACED)
        self._serve(work, version, verdict, standing.candidate)

    def _move(
        self, work: Work, version: VersionRow, verdict: Verdict, *, champion: str | None, forced: bool = False
    ) -> VersionRow:
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
        log.info("task %s: %s -> %s (%s)", version.task, version.stage, to.stage, verdict.reason)
        return work.tasks.move(version, verdict, to)


def _fingerprint(work: Work, version: VersionRow) -> Fingerprint:
    return version.epoch, work.draws.told(version.id), tuple(sorted(work.candidates.cursors(version.id).items()))
