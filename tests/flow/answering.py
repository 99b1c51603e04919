"""The answer station between an upstream and a client that live in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

from shadowbert.domain.exchange import Exchange
from shadowbert.errors import UpstreamError
from shadowbert.flow.answer import AnswerStation
from shadowbert.flow.incoming import Incoming
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.ports import Headers, RelayRequest
from shadowbert.routing.coins import Coins
from shadowbert.testing.completions import Completion, whole
from shadowbert.testing.factories import SCHEMA, SYSTEM, TEACHER, sure
from shadowbert.testing.fakes import FixedStages, MemoryJournal, ScriptedPredictor

REPLY = whole(Completion('{"label":"card"}', number=1, prompt_tokens=9))


@dataclass
class MemoryReply:
    status: int = 200
    headers: Headers = ((b"content-type", b"application/json"),)
    pieces: Sequence[bytes] = (REPLY,)
    pause: float = 0.0
    breaks: UpstreamError | None = None

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            await asyncio.sleep(self.pause)
            yield piece
        if self.breaks is not None:
            raise self.breaks


@dataclass
class MemoryUpstream:
    reply: MemoryReply = field(default_factory=MemoryReply)
    refuses: UpstreamError | None = None
    requests: list[RelayRequest] = field(default_factory=list)

    @asynccontextmanager
    async def send(self, request: RelayRequest) -> AsyncIterator[MemoryReply]:
        self.requests.append(request)
        if self.refuses is not None:
            raise self.refuses
        yield self.reply


@dataclass
class MemoryClient:
    """Keeps what it was sent, and how many rows the journal held before each piece."""

    journal: MemoryJournal
    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    pieces: list[bytes] = field(default_factory=list)
    rows_before: list[int] = field(default_factory=list)
    complete: bool = False

    async def start(self, status: int, headers: Headers) -> None:
        self.status, self.headers = status, dict(headers)

    async def send(self, chunk: bytes, *, more: bool) -> None:
        self.rows_before.append(len(self.journal.rows))
        self.pieces.append(chunk)
        self.complete = not more


def chat(text: str = "My card?", **changes: object) -> bytes:
    return orjson.dumps(
        {
            "model": TEACHER,
            "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "b", "schema": SCHEMA}},
            **changes,
        }
    )


@dataclass
class Scene:
    policy: AnswerPolicy = field(default_factory=lambda: AnswerPolicy(checks_keys=False))
    upstream: MemoryUpstream = field(default_factory=MemoryUpstream)
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    stages: FixedStages = field(default_factory=FixedStages)
    student: ScriptedPredictor = field(default_factory=lambda: ScriptedPredictor(sure))

    def __post_init__(self) -> None:
        self.station = AnswerStation(
            upstream=self.upstream,
            journal=self.journal,
            stages=self.stages,
            predictor=self.student,
            coins=Coins(b"k"),
            policy=self.policy,
        )

    async def call(
        self, body: bytes | None = None, *, headers: Headers = (), path: str = "/v1/chat/completions"
    ) -> MemoryClient:
        client = MemoryClient(self.journal)
        incoming = Incoming("POST", path, path.encode(), headers, chat() if body is None else body)
        await self.station.answer(incoming, client)
        return client

    @property
    def row(self) -> Exchange:
        (row,) = self.journal.rows
        return row
