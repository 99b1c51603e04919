"""What a mix is made of: jobs (what a person would call a task), phases of traffic, and calls with truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Protocol, runtime_checkable

from shadowbert.domain.exchange import Exchange
from shadowbert.testing.factories import TEACHER
from tests.mixes.asks import Fields, Way, answer, ask, exchange
from tests.mixes.noise import NOISE
from tests.mixes.shapes import SHAPES, Case
from tests.mixes.texts import Row, labels, rows


class Job(Protocol):
    """A source of calls. Jobs of one name are one task; another version is another truth for who may answer."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    def call(self, number: int, draw: Random, /) -> tuple[Exchange, tuple[str, ...], tuple[str, ...]]:
        """The exchange, what its input holds and what it lacks."""
        ...


@runtime_checkable
class Poisonous(Protocol):
    """A source some of whose calls must teach nothing."""

    def poisons(self, number: int, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """A job of ours: a shape, a way of asking, an instruction, fields of a source."""

    name: str
    shape: str
    way: Way
    instruction: str
    source: str = "tickets"
    fields: tuple[str, ...] = ("urgency",)
    model: str = TEACHER
    more: tuple[str, ...] = ()
    """Labels that nobody gives yet."""
    version: int = 0
    seed: int = 0

    @property
    def closed(self) -> Fields:
        return {name: (*labels(self.source, name), *self.more) for name in self.fields}

    def changed(self, **changes: Any) -> "Asking":
        return replace(self, version=self.version + 1, **changes)

    def call(self, number: int, draw: Random) -> tuple[Exchange, tuple[str, ...], tuple[str, ...]]:
        known, fields = rows(self.source), self.closed
        row = known[(self.seed * 331 + self.version * 97 + number) % len(known)]
        options = [str(label) for label in fields[self.fields[0]]]
        case = Case(self.instruction, row.text, number, draw, options, self._examples(row, draw))
        said = SHAPES[self.shape](case)
        body = ask(self.way, self.model, said.messages, name=self.name.replace(" ", "_"), fields=fields)
        told = answer(self.way, {name: row.labels[name] for name in self.fields})
        tool = self.name.replace(" ", "_") if self.way == "tool" else None
        return exchange(body, told, number=number, tool=tool), said.holds, said.lacks

    def _examples(self, row: Row, draw: Random) -> list[tuple[str, str]]:
        """Of a pool of forty texts that nobody asks about."""
        pool = [other for other in rows(self.source)[-40:] if other.text not in row.text]
        return [(other.text, str(other.labels[self.fields[0]])) for other in draw.sample(pool, 4)]


@dataclass(frozen=True, slots=True)
class Phase:
    """So many calls of each job, shuffled, with noise between; looked at after every `batch` calls."""

    jobs: Sequence[Job]
    calls: int = 40
    noise: tuple[str, ...] = ()
    share: float = 0.25
    batch: int = 25


@dataclass(frozen=True, slots=True)
class Call:
    """`truth` is the job's name and version; None for noise."""

    exchange: Exchange
    truth: tuple[str, int] | None
    holds: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    poison: bool = False
    """It may be a call of a version, and teach nothing."""


@dataclass(frozen=True, slots=True)
class Mix:
    name: str
    phases: Sequence[Phase]
    seed: int = 0
    changes: bool = field(default=False)
    """Its last phase is about a change in mid-stream."""

    @property
    def jobs(self) -> list[Job]:
        return list({(job.name, job.version): job for phase in self.phases for job in phase.jobs}.values())

    def batches(self) -> Iterator[list[Call]]:
        draw, numbers, odd = Random(self.seed), dict[str, int](), 0
        for phase in self.phases:
            calls: list[Call] = []
            for job in _shuffled(phase, draw):
                if job is None:
                    odd += 1
                    noise = draw.choice(phase.noise)
                    calls.append(Call(NOISE[noise](draw, odd), None))
                    continue
                count = f"{job.name} again" if isinstance(job, Poisonous) else job.name
                number = numbers[count] = numbers.get(count, -1) + 1
                exchange, holds, lacks = job.call(number, draw)
                poison = isinstance(job, Poisonous) and job.poisons(number)
                calls.append(Call(exchange, None if poison else (job.name, job.version), holds, lacks, poison))
            yield from (calls[start : start + phase.batch] for start in range(0, len(calls), phase.batch))


def _shuffled(phase: Phase, draw: Random) -> list[Job | None]:
    order: list[Job | None] = [job for job in phase.jobs for _ in range(phase.calls)]
    if phase.noise:
        order += [None] * int(len(order) * phase.share)
    draw.shuffle(order)
    return order
