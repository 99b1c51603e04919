"""Calls drawn at random for people to answer: what they say of these certifies, what they correct elsewhere does not.

A person who picks the calls picks those where something went wrong. So the calls are drawn by a seeded coin from all
that may be evidence, are answered in the order in which they were drawn, and whoever answers is shown the input and the
labels there are, not what the LLM or a student said. An answer trains later students too, as a correction does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from shadowbert.domain.contract import Contract
from shadowbert.domain.draw import DrawRow
from shadowbert.domain.records import CallRow, Correction, VersionRow
from shadowbert.errors import OperatorError
from shadowbert.flow.correct import answer_of
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.named import by_id, in_force, named
from shadowbert.flow.operate import Operator

SEEDS = 2**31


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many are to be drawn, and from what."""

    count: int
    seed: int
    version: str = ""
    """Or how its id begins; empty: the newest."""
    everything: bool = False
    """Also from what the newest student may have been taught: shows who is right, and certifies nobody."""


@dataclass(frozen=True, slots=True)
class Drawn:
    version: VersionRow
    drawn: int
    left: int
    """How many could still be drawn."""
    waiting: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next call to answer, and nothing of what was answered to it."""

    task: str
    version: str
    exchange: str
    input: str
    contract: Contract
    left: int
    """How many wait, this one among them."""

    @property
    def labels(self) -> dict[str, list[str]]:
        """By field, what may be said; "something else" is no answer that anybody could be taught."""
        fields = self.contract.fields
        return {own.name: [own.label(k) for k in range(own.classes) if k != own.other] for own in fields}

    def to_json(self) -> dict[str, object]:
        told = {"task": self.task, "version": self.version, "exchange": self.exchange, "input": self.input}
        return {**told, "fields": self.labels, "waiting": self.left}


@dataclass(frozen=True, slots=True)
class Draw:
    """Every command raises UnknownTask, or OperatorError with the reason."""

    ledger: Ledger
    clock: Callable[[], float]

    def draw(self, task: str, who: Operator, wanted: Wanted) -> Drawn:
        with self.ledger.write() as work:
            version = (
                by_id(named(work.tasks, task), wanted.version) if wanted.version else in_force(work.tasks, task)[-1]
            )
            frame = work.draws.frame(version.id, 0 if wanted.everything else _taught_until(work, version))
            if not frame:
                raise OperatorError(_nothing(task, everything=wanted.everything))
            chosen = Random(wanted.seed).sample(frame, min(wanted.count, len(frame)))  # noqa: S311 - no secret: noted
            at = self.clock()
            rows = [DrawRow(id_, version.id, text, said, wanted.seed, who.name, at) for id_, text, said in chosen]
            work.draws.add(rows)
            return Drawn(version, len(rows), len(frame) - len(rows), len(work.draws.waiting(version.id)))

    def next(self, task: str) -> Waiting | None:
        """The one that waits longest, of any of the task's versions; None where none does."""
        with self.ledger.read() as work:
            queue = _queue(work, task)
            version, call = _first(work, queue)
        if version is None or call is None:
            return None
        return Waiting(version.task, version.id, call.exchange_id, call.input, version.contract, len(queue))

    def answer(self, task: str, who: Operator, exchange_id: str, said: Mapping[str, str]) -> VersionRow:
        """A label for each field: nothing is taken over from what was answered."""
        with self.ledger.write() as work:
            version, call = _head(work, task, exchange_id)
            answer = answer_of(version.contract, said)
            at = self.clock()
            work.draws.tell(call.exchange_id, answer, by=who.name, at=at)
            row = Correction(
                call.exchange_id, version.id, call.input, call.input_hash, call.seq, answer, who.name, who.why, at
            )
            work.corrections.put(row)
            return version

    def skip(self, task: str, who: Operator, exchange_id: str) -> VersionRow:
        """Say that nobody could tell. It is counted: who skips much certifies nothing."""
        with self.ledger.write() as work:
            version, call = _head(work, task, exchange_id)
            work.draws.tell(call.exchange_id, None, by=who.name, at=self.clock())
            return version


def _taught_until(work: Work, version: VersionRow) -> int:
    """What was loaded before is no evidence for the newest candidate, nor for any other of its student."""
    students, candidates = work.students.of_version(version.id), work.candidates.active(version.id)
    return max([*(s.cutoff_seq for s in students), *(c.start_seq for c in candidates)], default=0)


def _queue(work: Work, task: str) -> list[tuple[VersionRow, str]]:
    """What waits for an answer, of all versions."""
    return [(version, id_) for version in named(work.tasks, task) for id_ in work.draws.waiting(version.id)]


def _first(work: Work, queue: Sequence[tuple[VersionRow, str]]) -> tuple[VersionRow, CallRow] | tuple[None, None]:
    version, exchange_id = queue[0] if queue else (None, "")
    call = work.calls.get(exchange_id) if version else None
    return (version, call) if version and call else (None, None)


def _head(work: Work, task: str, exchange_id: str) -> tuple[VersionRow, CallRow]:
    """Only the next may be answered: who could choose would choose the easy ones."""
    version, call = _first(work, _queue(work, task))
    if version is None or call is None:
        raise OperatorError(f"no drawn call of task {task} waits for an answer; run: shadowbert draw {task}")
    if call.exchange_id != exchange_id:
        raise OperatorError(f"drawn calls are answered in their order; the next one is {call.exchange_id}")
    return version, call


def _nothing(task: str, *, everything: bool) -> str:
    if everything:
        return f"task {task} has no eligible call that the LLM answered and nobody has drawn"
    return (
        f"task {task} has no eligible call that came after its newest student was trained, with an input that is new "
        "and that nobody has drawn; say --all to draw from the others too, which certifies nobody"
    )
