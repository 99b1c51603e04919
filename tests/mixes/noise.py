"""Traffic that is no task: conversations, prose about texts, a new instruction in every call, free extraction."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from types import MappingProxyType
from typing import Any

from shadowbert.domain.exchange import Exchange
from tests.mixes.asks import ask, exchange
from tests.mixes.shapes import NAMES
from tests.mixes.texts import rows

MODEL = "gpt-4o-mini"
SHORT = ("Yes.", "No.", "Sure, go ahead!", "Thanks!", "I am not certain.")


def _text(draw: Random) -> str:
    return draw.choice(rows("tickets")).text


def _prose(draw: Random) -> str:
    return f"I see. {_text(draw)} That is what you wrote, {draw.choice(NAMES)}, and here is what I would do about it."


def _persona(draw: Random) -> str:
    return f"{_text(draw)} You are {draw.choice(NAMES)} {draw.randrange(10**6)}; {_text(draw)}"


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


def chat(draw: Random, number: int) -> Exchange:
    """An ordinary chat application: one system prompt, turns that pile up, prose; now and then a word."""
    turns = [_turn("system", "You are a helpful assistant of a furniture shop.")]
    for _ in range(draw.randrange(4)):
        turns += [_turn("user", _text(draw)), _turn("assistant", _prose(draw))]
    said = _prose(draw) if draw.random() < 0.7 else draw.choice(SHORT)
    return exchange({"model": MODEL, "messages": [*turns, _turn("user", _text(draw))]}, said, number=number)


def unique(draw: Random, number: int) -> Exchange:
    messages = [_turn("system", _persona(draw)), _turn("user", _text(draw))]
    said = _prose(draw) if draw.random() < 0.5 else draw.choice(SHORT)
    return exchange({"model": MODEL, "messages": messages}, said, number=number)


def unique_with_schema(draw: Random, number: int) -> Exchange:
    """Agents with instructions of their own, each asking for the same flag."""
    messages = [_turn("system", _persona(draw)), _turn("user", _text(draw))]
    body = ask("schema", MODEL, messages, name="done", fields={"finished": (True, False)})
    return exchange(body, draw.choice(('{"finished":true}', '{"finished":false}')), number=number)


def retries(draw: Random, number: int) -> Exchange:
    """A client that was not content with an answer asks again: the same call, the answer, and what is wrong with it."""
    wrong = draw.choice(('{"finished":"maybe"}', '{"finished":1}', '{"done":true}'))
    told = f"Correct your answer: {wrong} is not what the schema allows. {number} errors so far."
    turns = [_turn("system", "Is the order done?"), _turn("user", _text(draw))]
    messages = [*turns, _turn("assistant", wrong), _turn("user", told)]
    body = ask("schema", MODEL, messages, name="done", fields={"finished": (True, False)})
    return exchange(body, '{"finished":true}', number=number)


def summary(draw: Random, number: int) -> Exchange:
    text = " ".join(_text(draw) for _ in range(4))
    return exchange({"model": MODEL, "messages": [_turn("user", f"Summarise: {text}")]}, _prose(draw), number=number)


def extraction(draw: Random, number: int) -> Exchange:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    body = {"model": MODEL, "messages": [_turn("user", _text(draw))], "response_format": form}
    return exchange(body, f'{{"name":"{draw.choice(NAMES)}"}}', number=number)


def vectors(draw: Random, number: int) -> Exchange:
    """What is not observed has no endpoint: embeddings, for one."""
    return replace(chat(draw, number), endpoint=None, path="/v1/embeddings", response_body=b'{"data":[]}')


NOISE: Mapping[str, Callable[[Random, int], Exchange]] = MappingProxyType(
    {n.__name__: n for n in (chat, unique, unique_with_schema, retries, summary, extraction, vectors)}
)
