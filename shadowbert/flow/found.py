"""Founds versions: looks for the template that a group of unmatched calls shares, and names the task.

Knows rules of likeness between skeletons and between contracts; everything else about prompts is recognition's.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from shadowbert.domain.contract import Contract, Path
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import LoggedExchange, StrayCall, VersionRow
from shadowbert.domain.task import Stage
from shadowbert.domain.template import Prompt, Skeleton
from shadowbert.flow.labels import answered
from shadowbert.flow.ledger import Work
from shadowbert.flow.reading import read_reply, read_request
from shadowbert.recognition.inferred import Inferred, infer
from shadowbert.recognition.mining import mine
from shadowbert.recognition.recogniser import Recogniser, unstated
from shadowbert.recognition.template import match
from shadowbert.wire.request import Request

LIKENESS = 0.8
OVERLAP = 0.5
NAME_CHARACTERS = 120
INSTRUCTING = ("system", "developer")
GENERIC = frozenset({"response", "final_result", "output", "result", "answer", "dspyprogramoutputs", "schema", ""})


@dataclass(frozen=True, slots=True)
class Sample:
    """One stray call, read."""

    exchange: LoggedExchange
    request: Request
    prompt: Prompt


@dataclass(slots=True)
class Finder:
    """`least` distinct prompts make a template; at most `most` strays of a group are kept and looked at."""

    least: int = 20
    most: int = 400
    sample: int = 60
    _tried: dict[str, int] = field(default_factory=dict)

    def ripe(self, groups: Mapping[str, int]) -> list[str]:
        """Groups never tried, or half as large again as when they were."""
        return [g for g, size in groups.items() if size >= 1.5 * self._tried.get(g, 0)]

    def found(self, work: Work, group: str, *, at: float) -> VersionRow | None:
        """The version founded on this group's calls; None where they share no template yet."""
        work.calls.trim_strays(group, keep=self.most)
        samples = _samples(work, work.calls.strays(group, limit=self.most))
        self._tried[group] = len(samples)
        for cluster, constant in (
            (samples, LIKENESS),
            *((c, LIKENESS) for c in _by_constants(samples)),
            (samples, 0.0),
        ):
            skeleton = self._skeleton(cluster)
            if skeleton is not None and _constancy(skeleton, cluster) > constant:
                version = _version(work, cluster, skeleton, at=at)
                if version is not None:
                    work.tasks.found(version)
                    self._tried[group] = 0
                return version
        return None

    def _skeleton(self, samples: Sequence[Sample]) -> Skeleton | None:
        prompts = list(dict.fromkeys(sample.prompt for sample in samples))
        if len(prompts) < self.least:
            return None
        skeleton = mine(prompts[-self.sample :])
        if skeleton is None or sum(match(skeleton, prompt) is not None for prompt in prompts) < self.least:
            return None
        return skeleton


def _constancy(skeleton: Skeleton, samples: Sequence[Sample]) -> float:
    """The share of their system messages that the samples have in common, in words; 1 where there are none.

    Most of it: one task, with a date or a name in its instructions. Little: a mixture of tasks that happen to begin
    alike, to be told apart by their exact instructions first; or a task whose input stands in the system message.
    """
    said = [len(m.text.split()) for sample in samples for m in sample.prompt if m.role in INSTRUCTING]
    constant = sum(len(s.split()) for m in skeleton.messages if m.role in INSTRUCTING for s in m.statics)
    return constant * len(samples) / sum(said) if sum(said) else 1.0


def _by_constants(samples: Sequence[Sample]) -> list[list[Sample]]:
    """The samples by the exact text of their system messages, largest first."""
    clusters: dict[tuple[str, ...], list[Sample]] = defaultdict(list)
    for sample in samples:
        key = tuple(m.text for m in sample.prompt if m.role in INSTRUCTING)
        clusters[key].append(sample)
    return sorted(clusters.values(), key=len, reverse=True)


def _samples(work: Work, strays: Sequence[StrayCall]) -> list[Sample]:
    samples = []
    for exchange in work.exchanges.by_ids([stray.exchange_id for stray in strays]):
        request = read_request(exchange)
        if request is not None and request.prompt is not None:
            samples.append(Sample(exchange, request, request.prompt))
    return samples


def _understood(samples: Sequence[Sample], skeleton: Skeleton) -> tuple[Inferred, str] | None:
    """The contract of these samples and what else they say of the answer; inferred where none of them states one."""
    first = samples[0]
    call = Recogniser().recognise(first.request, tenant=first.exchange.tenant)
    if call is not None:
        return Inferred(call.contract, None), call.wording
    answers = [
        answered(s.exchange, s.request, read_reply(s.exchange))
        for s in samples
        if match(skeleton, s.prompt) is not None
    ]
    inferred = infer([text for text in answers if text is not None])
    return None if inferred is None else (inferred, unstated(first.request))


def _version(work: Work, samples: Sequence[Sample], skeleton: Skeleton, *, at: float) -> VersionRow | None:
    sample, understood = samples[0], _understood(samples, skeleton)
    if understood is None:
        return None
    inferred, wording = understood
    contract = inferred.contract
    explicit = (sample.request.explicit_task or "")[:NAME_CHARACTERS]
    tenant, name = sample.exchange.tenant, explicit or _name(sample.request, contract)
    kin = [v for v in work.tasks.versions() if v.tenant == tenant]
    task = explicit or _lineage(kin, contract, skeleton) or _free(name, work.tasks.names(tenant))
    return VersionRow(
        id=uuid7(),
        task_id=work.tasks.task_id(tenant, task) or uuid7(),
        task=task,
        tenant=tenant,
        teacher=sample.request.teacher,
        contract=contract,
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
        confirmed=not contract.inferred,
    )


def _lineage(versions: Sequence[VersionRow], contract: Contract, skeleton: Skeleton) -> str | None:
    """The task whose contract and skeleton are alike: this is a new version of it."""
    for version in reversed(versions):
        if overlap(version.contract, contract) >= OVERLAP and likeness(version.skeleton, skeleton) >= LIKENESS:
            return version.task
    return None


def overlap(one: Contract, other: Contract) -> float:
    """Share of all the labels of two contracts that both have in the same field (Jaccard 1901)."""
    mine, theirs = _labels(one), _labels(other)
    return len(mine & theirs) / len(mine | theirs)


def _labels(contract: Contract) -> set[tuple[Path, str]]:
    return {(field.path, repr(label)) for field in contract.fields for label in field.labels}


def likeness(one: Skeleton, other: Skeleton) -> float:
    """Share of words that two skeletons have in common, in order (Ratcliff & Obershelp 1988)."""
    return SequenceMatcher(None, _words(one), _words(other), autojunk=False).ratio()


def _words(skeleton: Skeleton) -> list[str]:
    return [word for message in skeleton.messages for static in message.statics for word in static.split()]


def _name(request: Request, contract: Contract) -> str:
    """The schema's name, or the fields' where that says nothing."""
    name = request.output.name if request.output else ""
    if name.lower() in GENERIC:
        name = "-".join(field.path[-1] for field in contract.fields[:3] if field.path)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name)
    return re.sub(r"[^\w]+|_+", "-", spaced).strip("-").lower()[:80] or "task"


def _free(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}-{n}" for n in range(2, len(taken) + 3) if f"{name}-{n}" not in taken)
