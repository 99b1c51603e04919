"""The carry-over check: old inputs put into a later version's own request, and what its teacher says to them now.

Knows no HTTP: it hands out bodies and reads replies. Decides nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.contract import Answer, Contract
from shadowbert.domain.exchange import Endpoint, Outcome
from shadowbert.domain.records import CallRow, ExampleRow, LoggedExchange, VersionRow
from shadowbert.domain.route import Source
from shadowbert.errors import OperatorError
from shadowbert.flow.labels import label
from shadowbert.flow.ledger import Work
from shadowbert.flow.reading import read_call, read_reply
from shadowbert.gating.bounds import lower
from shadowbert.recognition.filling import fill
from shadowbert.recognition.recogniser import Recognised, Recogniser
from shadowbert.wire.refill import refill
from shadowbert.wire.request import Request

UNMOVED = 0.9
"""At most a tenth of the labels moved. Less than a target of agreement, for only training is at stake: a wrong label
costs some accuracy, and the gate still judges the student by what the teacher says afterwards.
"""
DELTA = 0.05
LOOK_BACK = 200
"""Calls among which a request to repeat is looked for, and over which tokens are averaged."""


@dataclass(frozen=True, slots=True)
class Question:
    """An old input as the version's own callers would ask it, and its old label in the version's contract."""

    body: bytes
    old: Answer
    call: Recognised


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of a call, on average."""

    prompt: float
    completion: float


@dataclass(frozen=True, slots=True)
class Questions:
    """What is to be asked, and whom. `tokens` is None where no reply has said how many there are."""

    endpoint: Endpoint
    upstream: str
    model: str
    tokens: Tokens | None
    like: LoggedExchange
    """The call whose request is repeated with other inputs."""
    every: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Replied:
    """An answer as it came; None in its place is no answer at all."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many labels are what they were."""

    equal: int
    rows: int
    """Inputs that were answered; what could not be read as an answer is a label that moved."""
    unfit: Mapping[str, int] = field(default_factory=dict)
    unanswered: int = 0
    moved: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """By field, old label and new label."""

    @property
    def bound(self) -> float:
        """At least so many did not move (Clopper & Pearson, one-sided 95 %): on average over the labels, since each is
        asked about as often; that the labels' own shares differ makes the bound safer, not weaker (Hoeffding 1956).

        >>> round(Comparison(96, 100).bound, 3), Comparison(0, 0).bound
        (0.911, 0.0)
        """
        return lower(self.equal, self.rows, delta=DELTA) if self.rows else 0.0

    @property
    def passed(self) -> bool:
        return self.bound >= UNMOVED

    def to_json(self) -> dict[str, object]:
        moved = [{"field": name, "old": old, "new": new, "times": n} for (name, old, new), n in self.moved.items()]
        return {
            "passed": self.passed,
            "equal": self.equal,
            "rows": self.rows,
            "bound": self.bound,
            "unfit": dict(self.unfit),
            "unanswered": self.unanswered,
            "moved": moved,
        }


def least(share: float = UNMOVED) -> int:
    """How many inputs must be asked at least: with fewer, not even equal labels everywhere show enough.

    >>> least()
    29
    """
    rows = 1
    while lower(rows, rows, delta=DELTA) < share:
        rows += 1
    return rows


def questions(work: Work, version: VersionRow, examples: Iterable[ExampleRow], count: int) -> Questions:
    """As many of the inputs as can be asked, in their order. Raises OperatorError where nothing can be."""
    calls = work.calls.latest(version.id, limit=LOOK_BACK)
    recogniser = Recogniser()
    recogniser.publish(work.mirror.table(audit_rate=0.0))
    like, request = _latest(work, version, calls, recogniser)
    asked = Questions(like.endpoint or Endpoint.CHAT, like.upstream, request.model, _tokens(calls), like)
    found = islice(_askable(asked, version, request, examples, recogniser), count)
    return replace(asked, every=tuple(found))


def compare(contract: Contract, asked: Questions, replies: Sequence[Replied | None]) -> Comparison:
    """The answers are read as collect reads a teacher's."""
    moved: Counter[tuple[str, str, str]] = Counter()
    unfit: Counter[str] = Counter()
    equal = 0
    for question, reply in zip(asked.every, replies, strict=True):
        if reply is None:
            continue
        said = answer_of(asked.like, question, reply)
        if isinstance(said, Unfit):
            unfit[said.value] += 1
            continue
        equal += said == question.old
        before, now = contract.describe(question.old), contract.describe(said)
        moved.update((name, before[name], now[name]) for name in before if before[name] != now[name])
    answered = sum(reply is not None for reply in replies)
    return Comparison(equal, answered, dict(unfit), len(replies) - answered, dict(moved.most_common()))


def answer_of(like: LoggedExchange, question: Question, reply: Replied) -> Answer | Unfit:
    """What the reply says, read as collect reads it."""
    exchange = replace(
        like,
        source=Source.LLM,
        outcome=Outcome.COMPLETE.value,
        status=200,
        retry_count=0,
        request=question.body,
        response=reply.body,
        response_type=reply.content_type,
        response_encoding="",
    )
    return label(exchange, question.call, read_reply(exchange))


def _latest(
    work: Work, version: VersionRow, calls: Sequence[CallRow], recogniser: Recogniser
) -> tuple[LoggedExchange, Request]:
    """The version's latest call whose request is still there."""
    for exchange in reversed(work.exchanges.by_ids([call.exchange_id for call in calls])):
        call = _recognised(exchange, exchange.request or b"", version, recogniser)
        if call is None or not _repeatable(exchange, call.request):
            continue
        if exchange.deployment:
            raise OperatorError("its calls name the model in their path, as Azure's do: they cannot be repeated")
        return exchange, call.request
    gone = "their bodies are gone, or they go on from what upstream keeps"
    raise OperatorError(f"version {version.id} has no request that could be repeated: {gone}")


def _repeatable(exchange: LoggedExchange, request: Request) -> bool:
    return refill(request.endpoint, exchange.request or b"", request.prompt or ()) is not None


def _askable(
    asked: Questions, version: VersionRow, request: Request, examples: Iterable[ExampleRow], recogniser: Recogniser
) -> Iterator[Question]:
    for example in examples:
        prompt = fill(version.skeleton, request.prompt or (), example.input)
        body = refill(asked.endpoint, asked.like.request or b"", prompt) if prompt else None
        call = _recognised(asked.like, body, version, recogniser) if body else None
        if body is not None and call is not None and call.input == example.input:
            yield Question(body, example.answer, call)


def _recognised(
    exchange: LoggedExchange, body: bytes, version: VersionRow, recogniser: Recogniser
) -> Recognised | None:
    """The request as a call of this very version."""
    request = read_call(exchange, body, explicit_task=exchange.explicit_task)
    call = recogniser.recognise(request, tenant=exchange.tenant) if request is not None else None
    return call if call is not None and call.version is not None and call.version.id == version.id else None


def _tokens(calls: Sequence[CallRow]) -> Tokens | None:
    """Of the calls that the teacher answered and counted."""
    counted = [
        (prompt, completion)
        for call in calls
        if call.source is Source.LLM
        and isinstance(prompt := call.envelope.get("prompt_tokens"), int)
        and isinstance(completion := call.envelope.get("completion_tokens"), int)
    ]
    if not counted:
        return None
    prompts, completions = zip(*counted, strict=True)
    return Tokens(sum(prompts) / len(counted), sum(completions) / len(counted))
