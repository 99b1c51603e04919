"""A mix for every captured request: the call as its client sent it, about other texts, beside a task and noise."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import jsonschema_rs
import orjson

from shadowbert.domain.exchange import Exchange
from shadowbert.recognition.recogniser import Recogniser
from shadowbert.testing.oracles import hashed_label
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.output_ask import Statement, Transport
from shadowbert.wire.request import Request
from tests.mixes.asks import exchange
from tests.mixes.mix import Asking, Mix, Phase
from tests.mixes.texts import rows
from tests.recognition.test_captured_inputs import MEANT, RE_ASKED, TOO_SHORT, cases, endpoint, quoted
from tests.wire.captured import body

NOT_STRAYS = {"oai3-chat-create-fewshot.json"}
"""Ask for something that no student may answer, so nothing is founded on them."""


@dataclass(frozen=True, slots=True)
class Captured:
    """A client's call. Its labels are drawn by the text."""

    file: str
    version: int = 0

    @property
    def name(self) -> str:
        return self.file

    def call(self, number: int, _: Random) -> tuple[Exchange, tuple[str, ...], tuple[str, ...]]:
        known = rows("tickets")
        text = known[(number + len(self.file) * 17) % len(known)].text
        asked = body(self.file).decode()
        meant = next(text for text in MEANT if quoted(text) in asked)
        asked = asked.replace(quoted(meant), quoted(text))
        given = orjson.loads(asked)
        request = read_request(endpoint(self.file), asked.encode())
        assert request is not None
        name = request.output.name if request.output and request.output.transport is Transport.TOOL else None
        said = _said(request, text, number)
        return exchange(given | {"model": given.get("model") or "prod"}, said, number=number, tool=name), (text,), ()


def _said(request: Request, text: str, number: int) -> str:
    output = request.output
    if output is None or not output.schema:
        word = ("billing", "bug", "other")[number % 3]
        return f'{{"label":"{word}"}}' if output and output.statement is Statement.JSON else word
    return orjson.dumps(hashed_label(text, output.schema)).decode()


def _usable(file: str) -> bool:
    """It asks for a closed set, in a way that this simple teacher can answer."""
    if file in TOO_SHORT | RE_ASKED | NOT_STRAYS:
        return False
    request = read_request(endpoint(file), body(file))
    if request is None or request.obstacle is not None or request.prompt is None or request.output is None:
        return False
    if request.output.transport is Transport.FUNCTION:
        return False
    if not request.output.schema:
        return request.output.statement in (Statement.JSON, Statement.TEXT)
    closed = Recogniser().recognise(request, tenant="default") is not None
    return closed and jsonschema_rs.is_valid(dict(request.output.schema), orjson.loads(_said(request, "x", 0)))


def captured() -> Iterator[Mix]:
    beside = Asking("beside", "plain", "schema", "How urgent is the message? Low can wait.", seed=3)
    for at, file in enumerate(file for file in cases() if _usable(file)):
        yield Mix(f"captured: {file}", [Phase([Captured(file), beside], 24, ("chat",), batch=12)], seed=600 + at)
