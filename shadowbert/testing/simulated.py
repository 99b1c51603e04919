"""A simulated OpenAI-compatible upstream: a real HTTP server with an oracle for a mind.

Deterministic by its seed: call number n always gets the same latency, noise and fault.
Run it alone with `python -m shadowbert.testing.simulated --port 9009`.
"""

import argparse
import asyncio
import hashlib
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from shadowbert.testing.completions import MODEL, Completion, frames, whole
from shadowbert.testing.faults import Fault, Kind, break_off, error
from shadowbert.testing.oracles import Oracle, hashed_label, noisy

_LARGEST_BODY = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Simulation:
    """How the upstream behaves. Latency is log-normal around `median_ms`, divided by `speed`."""

    seed: int = 0
    median_ms: float = 600.0
    sigma: float = 0.35
    speed: float = 1.0
    noise: float = 0.0
    """Share of answers in which one field gets another label."""
    fault_rate: float = 0.0
    faults: Sequence[Fault] = ()
    """What goes wrong on a `fault_rate` share of calls, drawn evenly."""
    model: str = MODEL
    """The name its replies are signed with."""
    keys: frozenset[str] | None = None
    """The credentials accepted; None accepts everybody."""


@dataclass(slots=True)
class Seen:
    """What has reached the upstream, for tests to look at."""

    calls: int = 0
    open: int = 0
    """Replies under way."""
    broken: int = 0
    """Replies whose client left before their end."""
    planned: list[Fault] = field(default_factory=list)
    """Faults for the next calls, before any drawn by chance."""


class SimulatedUpstream:
    """The application; `app()` builds it for a server of the caller's choice."""

    def __init__(self, oracle: Oracle = hashed_label, simulation: Simulation | None = None) -> None:
        self.simulation = simulation or Simulation()
        self.seen = Seen()
        self._oracle = oracle

    def app(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_BODY)
        for root in ("", "/v1", "/openai/v1", "/openai/deployments/{deployment}"):
            app.router.add_post(f"{root}/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        app.router.add_route("*", "/{path:.*}", _echo)
        return app

    async def _models(self, _: web.Request) -> web.Response:
        model = {"id": self.simulation.model, "object": "model", "created": 1, "owned_by": "simulated"}
        return _json({"object": "list", "data": [model]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.seen.calls += 1
        draw = random.Random(f"{self.simulation.seed}:{self.seen.calls}")  # noqa: S311 - repeatable on purpose
        if self.simulation.keys is not None and _credential(request) not in self.simulation.keys:
            return error(401, "invalid_api_key", "Incorrect API key provided.")
        asked = _asked(body)
        if asked is None:
            return error(400, "invalid_json", "We could not parse the JSON body of your request.")
        return await self._answer(request, asked, draw)

    async def _answer(
        self, request: web.Request, asked: Mapping[str, object], draw: random.Random
    ) -> web.StreamResponse:
        self.seen.open += 1
        try:
            fault, completion = self._fault(draw), self._complete(asked, draw)
            await asyncio.sleep(self._seconds(draw))
            return await _reply(request, asked, completion, fault)
        except (asyncio.CancelledError, ConnectionError):
            self.seen.broken += 1
            raise
        finally:
            self.seen.open -= 1

    def _fault(self, draw: random.Random) -> Fault | None:
        struck = draw.random() < self.simulation.fault_rate
        if self.seen.planned:
            return self.seen.planned.pop(0)
        return draw.choice(self.simulation.faults) if struck and self.simulation.faults else None

    def _seconds(self, draw: random.Random) -> float:
        simulation = self.simulation
        return draw.lognormvariate(math.log(simulation.median_ms / 1000), simulation.sigma) / simulation.speed

    def _complete(self, asked: Mapping[str, object], draw: random.Random) -> Completion:
        text = _text(asked["messages"])
        schema, tool = _wanted(asked)
        answer = self._oracle(text, schema)
        if draw.random() < self.simulation.noise:
            answer = noisy(answer, schema, draw=draw)
        return Completion(
            text=orjson.dumps(answer).decode() if schema else "A plain answer.",
            number=self.seen.calls,
            prompt_tokens=max(1, len(text) // 4),
            model=self.simulation.model,
            tool=tool,
            finish="tool_calls" if asked.get("tool_choice") == "required" else "stop",
        )


async def _reply(
    request: web.Request, asked: Mapping[str, object], completion: Completion, fault: Fault | None
) -> web.StreamResponse:
    """Sends the reply, as far as the fault lets it through."""
    options = asked.get("stream_options")
    usage = isinstance(options, dict) and options.get("include_usage") is True
    stream = asked.get("stream") is True
    chunks = frames(completion, usage=usage) if stream else [whole(completion)]
    head = {"content-type": "text/event-stream; charset=utf-8" if stream else "application/json"}
    head |= {"x-request-id": f"req_{completion.number:032x}", "openai-processing-ms": "1"}
    if not stream:
        head["content-length"] = str(len(chunks[0]))
    reply = web.StreamResponse(headers=head)
    if fault is not None and fault.kind is not Kind.DRIP:
        return await break_off(request, reply, b"".join(chunks), fault)
    await reply.prepare(request)
    for piece in chunks if fault is None else _pieces(chunks):
        await reply.write(piece)
        await asyncio.sleep(0 if fault is None else fault.seconds)
    return reply


async def _echo(request: web.Request) -> web.Response:
    """What arrived, told back: for tests of what a relay changes."""
    digest, length = hashlib.sha256(), 0
    async for chunk in request.content.iter_any():
        digest.update(chunk)
        length += len(chunk)
    told = {
        "method": request.method,
        "target": request.raw_path,
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.raw_headers],
        "length": length,
        "sha256": digest.hexdigest(),
    }
    return _json(told)


def _pieces(chunks: Sequence[bytes]) -> list[bytes]:
    body = b"".join(chunks)
    return [body[start : start + 40] for start in range(0, len(body), 40)]


def _asked(body: bytes) -> Mapping[str, object] | None:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return asked if isinstance(asked, dict) and isinstance(asked.get("messages"), list) else None


def _text(messages: object) -> str:
    """All text of a prompt; a message's content is a string or a list of parts."""
    texts: list[str] = []
    for message in messages if isinstance(messages, list) else []:
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"text": content}]
        texts += [part["text"] for part in parts if isinstance(part.get("text"), str)]
    return "\n".join(texts)


def _wanted(asked: Mapping[str, object]) -> tuple[Mapping[str, object], str | None]:
    """The schema to answer by, and the tool to call with it."""
    tools, form = asked.get("tools"), asked.get("response_format")
    if isinstance(tools, list) and tools and asked.get("tool_choice") not in (None, "auto", "none"):
        function = tools[0]["function"]
        return function["parameters"], function["name"]
    if isinstance(form, dict) and form.get("type") == "json_schema":
        return form["json_schema"]["schema"], None
    return {}, None


def _credential(request: web.Request) -> str:
    return request.headers.get("api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m shadowbert.testing.simulated", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9009)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--median-ms", type=float, default=600.0)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--noise", type=float, default=0.0)
    given = parser.parse_args()
    simulation = Simulation(seed=given.seed, median_ms=given.median_ms, speed=given.speed, noise=given.noise)
    upstream = SimulatedUpstream(simulation=simulation)
    web.run_app(upstream.app(), host=given.host, port=given.port, handler_cancellation=True, access_log=None)


if __name__ == "__main__":
    main()
