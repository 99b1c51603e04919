"""Founds versions: looks for the templates that a group of unmatched calls holds, and founds one on each.

Decides which calls are worth a template and when it is worth to look again; what a template is, and which task a
version belongs to, are rules of others.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import LoggedExchange, StrayCall, VersionRow
from shadowbert.domain.task import Stage
from shadowbert.domain.template import Prompt, Skeleton
from shadowbert.flow.fills import taken_over
from shadowbert.flow.labels import answered
from shadowbert.flow.ledger import Work
from shadowbert.flow.lineage import explicit_name, free, kin, name_of
from shadowbert.flow.reading import read_reply, read_request
from shadowbert.flow.strays import LEAST, Unfounded
from shadowbert.recognition.families import INSTRUCTING, split
from shadowbert.recognition.inferred import Inferred, infer, may_be_closed
from shadowbert.recognition.mining import mine
from shadowbert.recognition.recogniser import Recogniser, unstated
from shadowbert.recognition.template import match
from shadowbert.wire.request import Request

log = logging.getLogger(__name__)

LOOK_BACK = 1_000
"""Exchanges among which a contract that nobody states must hold."""
CLOSED = 0.9
"""Share of a template's answers that must be short enough to be labels: a chat application says "Yes." too."""
GROWTH = 1.25
"""At the latest, a group is looked at again when it has grown so much; one without a contract not before."""
FULL = "max_tasks"
"""The mark that says that a tenant has all the tasks that may be found by themselves."""

REACHED = tuple(Unfounded)
UNDERSTOOD = (Unfounded.OPEN_ANSWERS, Unfounded.FULL, Unfounded.PINNED)
"""They share a template: a few more of them change nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One stray call, read."""

    exchange: LoggedExchange
    request: Request
    prompt: Prompt


@dataclass(slots=True)
class Wait:
    """A group that held nothing so far, and the size at which it is looked at again."""

    due: int
    failures: int


@dataclass(slots=True)
class Finder:
    """`least` distinct prompts make a template; at most `most` strays of a group are kept and looked at."""

    least: int = LEAST
    most: int = 400
    sample: int = 60
    max_tasks: int = 100
    """A tenant's tasks; beyond, only named ones are founded, and versions of those that are there."""
    _waits: dict[str, Wait] = field(default_factory=dict)
    _full: set[str] = field(default_factory=set)

    def ripe(self, groups: Mapping[str, int]) -> list[str]:
        """Groups never looked at, or grown enough since; groups that are gone are forgotten."""
        self._waits = {group: wait for group, wait in self._waits.items() if group in groups}
        return [group for group, size in groups.items() if group not in self._waits or size >= self._waits[group].due]

    def found(self, work: Work, group: str, *, at: float) -> VersionRow | None:
        """The version founded on this group's calls; None, and a note why, where they share no template yet."""
        work.calls.trim_strays(group, keep=self.most)
        samples = _samples(work, work.calls.strays(group, limit=self.most))
        wait, why = self._next(group, len(samples)), Unfounded.FEW
        self._waits[group] = wait
        prompts = list(dict.fromkeys(sample.prompt for sample in samples))
        for family in self._families(prompts):
            founded = self._version(work, [sample for sample in samples if sample.prompt in family], family, at=at)
            if isinstance(founded, VersionRow):
                work.tasks.found(founded)
                self._waits.pop(group)
                return founded
            why = max(why, founded, key=REACHED.index)
        if why in UNDERSTOOD:
            wait.due = int(GROWTH * len(samples))
        work.calls.note_group(group, why.value, self._missing(len(prompts)), at=at)
        return None

    def _missing(self, prompts: int) -> str:
        return (
            f"{prompts} of {self.least} different prompts" if prompts < self.least else f"{prompts} different prompts"
        )

    def _next(self, group: str, size: int) -> Wait:
        """A small group is looked at with every call; a large one in which nothing was found ever less often."""
        failures = self._waits[group].failures + 1 if group in self._waits else 1
        patient = min(failures * (size - self.sample) // self.least, int((GROWTH - 1) * size))
        return Wait(size + max(1, patient), failures)

    def _families(self, prompts: Sequence[Prompt]) -> Iterator[dict[Prompt, None]]:
        """The prompts of each template, in order; those of most prompts first."""
        for family in split(prompts, sample=self.sample) if len(prompts) >= self.least else []:
            yield dict.fromkeys(prompts[at] for at in family)

    def _skeleton(self, prompts: Sequence[Prompt]) -> Skeleton | Unfounded:
        skeleton = mine(prompts[-self.sample :]) if len(prompts) >= self.least else None
        if skeleton is None or sum(match(skeleton, prompt) is not None for prompt in prompts) < self.least:
            return Unfounded.NO_TEMPLATE
        return skeleton if _instructs(skeleton) else Unfounded.NO_INSTRUCTION

    def _version(
        self, work: Work, samples: Sequence[Sample], prompts: Iterable[Prompt], *, at: float
    ) -> VersionRow | Unfounded:
        """Of calls with these different prompts."""
        sample, skeleton = samples[0], self._skeleton(list(prompts))
        if isinstance(skeleton, Unfounded):
            return skeleton
        understood = _understood(work, samples, skeleton)
        if understood is None:
            return Unfounded.OPEN_ANSWERS
        inferred, wording = understood
        task = self._task(work, sample, inferred, skeleton, at=at)
        if isinstance(task, Unfounded):
            return task
        tenant = sample.exchange.tenant
        siblings = _siblings(work, [v for v in work.tasks.versions() if v.tenant == tenant], task)
        return VersionRow(
            id=uuid7(),
            task_id=work.tasks.task_id(tenant, task) or uuid7(),
            task=task,
            tenant=tenant,
            teacher=sample.request.teacher,
            contract=inferred.contract,
            skeleton=skeleton,
            stage=Stage.COLLECTING,
            share=0.0,
            epoch=0,
            stage_seq=work.exchanges.last_seq(),
            candidate_id=None,
            forced=False,
            held=False,
            created_at=at,
            wording=wording,
            schema=inferred.schema,
            confirmed=not inferred.contract.inferred,
            fills=taken_over(inferred.contract, siblings[-1]) if siblings else {},
        )

    def _task(
        self, work: Work, sample: Sample, inferred: Inferred, skeleton: Skeleton, *, at: float
    ) -> str | Unfounded:
        """The name of the task, or why it may have no further version."""
        tenant, contract = sample.exchange.tenant, inferred.contract
        versions = [v for v in work.tasks.versions() if v.tenant == tenant and v.replaced_by is None]
        known = explicit_name(sample.request) or kin(versions, contract, skeleton)
        siblings = _siblings(work, versions, known)
        if siblings:
            return Unfounded.PINNED if siblings[-1].pinned else siblings[-1].task
        if known:
            return known
        taken = work.tasks.names(tenant)
        if len(taken) < self.max_tasks:
            former = {name for version in versions for name in version.former}
            return free(name_of(sample.request, contract), taken | former)
        if tenant not in self._full:
            self._full.add(tenant)
            told = f"tenant {tenant} has {len(taken)} tasks: no further one is found unless a caller names it"
            log.warning("%s (policy.max_tasks is %d)", told, self.max_tasks)
            work.marks.set(FULL, at=at, note=told)
        return Unfounded.FULL


def _siblings(work: Work, versions: Sequence[VersionRow], name: str | None) -> list[VersionRow]:
    """Those of the task that the tenant of these versions calls so, or once did; newest last."""
    task_id = work.tasks.task_id(versions[0].tenant, name) if versions and name else None
    return [version for version in versions if version.task_id == task_id]


def _instructs(skeleton: Skeleton) -> bool:
    """Whether its system messages, if it has any, have a word in common: instructions that are new in every call are
    no task.
    """
    said = [static for m in skeleton.messages if m.role in INSTRUCTING for static in m.statics]
    return not said or any(static.strip() for static in said)


def _samples(work: Work, strays: Sequence[StrayCall]) -> list[Sample]:
    return list(_read(work.exchanges.by_ids([stray.exchange_id for stray in strays])))


def _read(exchanges: Sequence[LoggedExchange]) -> Iterator[Sample]:
    for exchange in exchanges:
        request = read_request(exchange)
        if request is not None and request.prompt is not None:
            yield Sample(exchange, request, request.prompt)


def _understood(work: Work, samples: Sequence[Sample], skeleton: Skeleton) -> tuple[Inferred, str] | None:
    """The contract of these samples and what else they say of the answer; inferred where none of them states one."""
    first = samples[0]
    call = Recogniser().recognise(first.request, tenant=first.exchange.tenant)
    if call is not None:
        return Inferred(call.contract, None), call.wording
    inferred = infer(_answers([sample for sample in samples if match(skeleton, sample.prompt) is not None]))
    if inferred is None or not _holds_lately(work, samples[-1], skeleton):
        return None
    return inferred, unstated(first.request)


def _answers(samples: Sequence[Sample]) -> list[str]:
    said = [answered(sample.exchange, sample.request, read_reply(sample.exchange)) for sample in samples]
    return [text for text in said if text is not None]


def _holds_lately(work: Work, sample: Sample, skeleton: Skeleton) -> bool:
    """Whether the calls of this template were lately answered with labels: strays hold no long answers."""
    last, first = sample.exchange.seq, sample.request
    lately = _read(work.exchanges.after(max(0, last - LOOK_BACK), limit=LOOK_BACK))
    alike = [
        other
        for other in lately
        if (other.exchange.tenant, other.request.teacher) == (sample.exchange.tenant, first.teacher)
        and unstated(other.request) == unstated(first)
        and match(skeleton, other.prompt) is not None
    ]
    answers = _answers(alike)
    return sum(map(may_be_closed, answers)) >= CLOSED * len(answers)
