"""Clients that ask again: with the answer and a complaint, by way of a tool's result, or in another form."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal

import orjson

from shadowbert.domain.exchange import Exchange
from tests.mixes.asks import exchange
from tests.mixes.drawn import UNSTATED
from tests.mixes.mix import Asking

WRONG = '{"verdict":"I cannot tell"}'
COMPLAINT = "Correct your answer: {n} validation errors. Field required, input was {wrong}"


@dataclass(frozen=True, slots=True)
class Again:
    """Every third call of `asking` is asked again by the next one; what was answered wrong, and the second try, may
    teach nothing. `other` asks the same in another form.
    """

    asking: Asking
    kind: Literal["complaint", "tool", "other"]
    other: Asking | None = None

    @property
    def name(self) -> str:
        return self.asking.name

    @property
    def version(self) -> int:
        return self.asking.version

    def poisons(self, number: int) -> bool:
        """Where nobody states the labels, a wrong answer is "something else"."""
        return number % 3 == 2 or (number % 3 == 1 and self.asking.way not in UNSTATED)

    def call(self, number: int, _: Random) -> tuple[Exchange, tuple[str, ...], tuple[str, ...]]:
        about = number - (number % 3 == 2)
        call, holds, lacks = self.asking.call(about, Random(about))
        if number % 3 == 1:
            return self._wrong(call, number), holds, lacks
        if number % 3 == 2:
            call = self._again(call, about, number)
        return replace(call, received_at=call.received_at - about + number), holds, lacks

    def _wrong(self, call: Exchange, number: int) -> Exchange:
        tool = self.name.replace(" ", "_") if self.asking.way == "tool" else None
        return exchange(_body(call), WRONG, number=number, tool=tool)

    def _again(self, call: Exchange, about: int, number: int) -> Exchange:
        if self.other is not None:
            return self.other.call(about, Random(about))[0]
        body = _body(call)
        told = COMPLAINT.format(n=number, wrong=WRONG)
        return replace(call, request_body=orjson.dumps(body | {"messages": [*body["messages"], *self._turns(told)]}))

    def _turns(self, told: str) -> list[dict[str, Any]]:
        if self.kind == "complaint":
            return [{"role": "assistant", "content": WRONG}, {"role": "user", "content": told}]
        called = {"id": "c", "type": "function", "function": {"name": "f", "arguments": WRONG}}
        return [
            {"role": "assistant", "content": None, "tool_calls": [called]},
            {"role": "tool", "tool_call_id": "c", "content": told},
        ]


def _body(call: Exchange) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(call.request_body or b"{}")
    return body
