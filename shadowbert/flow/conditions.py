"""Which conditions hold for a version now that people should hear of once: what is, never what was told of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from shadowbert.domain.alert import DAY_S, AlertKind, Event
from shadowbert.domain.evidence import Move, Ruling, Verdict
from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.ceiling import ceilings
from shadowbert.flow.challenge import successor
from shadowbert.flow.evidence import serving_verdict, stand
from shadowbert.flow.ledger import Work
from shadowbert.flow.occasions import (
    of_audits,
    of_ceiling,
    of_challenger,
    of_readiness,
    of_training,
    of_unchecked,
    of_waiting,
)
from shadowbert.flow.rule import rule
from shadowbert.flow.unchecked import unchecked_of
from shadowbert.gating.gate import MIN_AUDITS

LASTING = frozenset({AlertKind.READY, AlertKind.STUCK, AlertKind.CEILING, AlertKind.UNSUPPORTED, AlertKind.UNAUDITED})
"""Kinds that stand for a condition, which may end and come back."""
ASLEEP = frozenset({Stage.PAUSED, Stage.OFF})


@dataclass(frozen=True, slots=True)
class _Leading:
    candidate: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Conditions:
    """Of one moment, in one transaction."""

    work: Work
    policy: Policy
    now: float
    stuck_days: float

    def holding(self) -> Iterator[Event]:
        """Of every version that anything can still happen to."""
        for version in self.work.tasks.versions():
            if version.replaced_by is None and version.stage not in ASLEEP:
                yield from self._of(version)

    def _of(self, version: VersionRow) -> Iterator[Event]:
        policy = rule(self.work, version.task_id, self.policy)
        if failed := of_training(self.work.jobs.latest(version.id), version):
            yield failed
        if unchecked := unchecked_of(self.work, version, policy):
            yield of_unchecked(version, unchecked)
        leading = self._leading(version, policy)
        known = ceilings(self.work, version, leading.candidate if leading else None)
        if hopeless := of_ceiling(version, policy.target, known.impossible(policy.target)):
            yield hopeless
        if leading is not None and not version.held:
            yield from self._gated(version, policy, leading.verdict)

    def _leading(self, version: VersionRow, policy: Policy) -> _Leading | None:
        """What serves, else the candidate that is furthest; None where nothing gathers evidence."""
        if version.stage.serves:
            champion = self.work.candidates.get(version.candidate_id or "")
            if champion is None:
                return None
            return _Leading(champion.id, serving_verdict(self.work, version, champion, policy))
        standings = [stand(self.work, version, c, policy) for c in self.work.candidates.active(version.id)]
        return max((_Leading(s.candidate.id, s.verdict) for s in standings), key=_furthest, default=None)

    def _gated(self, version: VersionRow, policy: Policy, verdict: Verdict) -> Iterator[Event]:
        if not policy.autopilot:
            yield from self._ready(version, policy, verdict)
        if version.alarms_off and verdict.ruling is Ruling.FAIL:
            yield of_audits(version, verdict)
        elif version.stage is Stage.LIVE:
            if verdict.ruling is Ruling.INCONCLUSIVE and _audited(verdict):
                yield of_audits(version, verdict)
        elif verdict.ruling is Ruling.INCONCLUSIVE and (waited := self._waited(version)):
            yield of_waiting(version, verdict, waited)

    def _ready(self, version: VersionRow, policy: Policy, verdict: Verdict) -> Iterator[Event]:
        """What the gate would do by itself."""
        champion = self.work.candidates.get(version.candidate_id or "") if version.stage.serves else None
        if champion and version.unaudited is None and (best := successor(self.work, version, champion, policy)):
            yield of_challenger(version, best.candidate, best.verdict)
        elif ready := of_readiness(version, verdict):
            yield ready

    def _waited(self, version: VersionRow) -> float:
        """Days in this stage where they are too many; 0 where nobody calls it any more: then there is nothing to do."""
        days = (self.now - self.work.tasks.stage_since(version)) / DAY_S
        if days < self.stuck_days:
            return 0.0
        latest = self.work.calls.latest(version.id, limit=1)
        called = self.work.exchanges.by_ids([latest[0].exchange_id]) if latest else []
        lately = any(self.now - exchange.received_at < self.stuck_days * DAY_S for exchange in called)
        return days if lately else 0.0


def _furthest(leading: _Leading) -> tuple[bool, float]:
    verdict = leading.verdict
    return verdict.move is Move.PROMOTE, verdict.numbers.get("log_e", 0.0)


def _audited(verdict: Verdict) -> bool:
    """Whether there are audits enough to say so: none yet is no bad news."""
    return verdict.numbers.get("agree", 0.0) + verdict.numbers.get("disagree", 0.0) >= MIN_AUDITS
