"""A simulated OpenAI-compatible upstream: a real HTTP server with an oracle for a mind.

Deterministic by its seed: call number n always gets the same latency, noise and fault.
Run it alone with `python -m shadowbert.testing.simulated --port 9009`.
"""

import argparse
import asyncio
import hashlib
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from shadowbert.testing.asked import Asked, Form, read_chat, read_completion, read_responses
from shadowbert.testing.completions import MODEL, Completion, frames, text_frames, whole, whole_text
from shadowbert.testing.faults import Fault, Kind, break_off, error
from shadowbert.testing.oracles import Oracle, Schema, Speaker, hashed_label, noisy, plain
from shadowbert.testing.responses import response_frames, whole_response

_LARGEST_BODY = 256 * 1024 * 1024
_ROOTS = ("", "/v1", "/openai", "/openai/v1", "/openai/deployments/{deployment}")

Reader = Callable[[bytes], Asked | None]
Writer = Callable[[Completion, Asked], list[bytes]]
"""The pieces of the reply: one where it was not asked for as a stream."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """How the upstream behaves. Latency is log-normal around `median_ms`, divided by `speed`."""

    seed: int = 0
    median_ms: float = 600.0
    sigma: float = 0.35
    speed: float = 1.0
    pause_ms: float = 0.0
    """Between two pieces of a reply."""
    noise: float = 0.0
    """Share of answers in which one field gets another label."""
    fault_rate: float = 0.0
    faults: Sequence[Fault] = ()
    """What goes wrong on a `fault_rate` share of calls, drawn evenly."""
    model: str = MODEL
    """The name its replies are signed with."""
    keys: frozenset[str] | None = None
    """The credentials accepted; None accepts everybody."""
    models: frozenset[str] | None = None
    """The models there are, or are still; None knows every name."""


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

    def __init__(
        self, oracle: Oracle = hashed_label, simulation: Simulation | None = None, *, speaker: Speaker = plain
    ) -> None:
        """`speaker` answers where no schema is given and no JSON asked for."""
        self.simulation = simulation or Simulation()
        self.seen = Seen()
        self._oracle, self._speaker = oracle, speaker

    def app(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_BODY)
        for root in _ROOTS:
            app.router.add_post(f"{root}/chat/completions", self._chat)
            app.router.add_post(f"{root}/responses", self._responses)
            app.router.add_post(f"{root}/completions", self._completions)
        app.router.add_get("/v1/models", self._models)
        app.router.add_route("*", "/{path:.*}", _echo)
        return app

    async def _models(self, _: web.Request) -> web.Response:
        model = {"id": self.simulation.model, "object": "model", "created": 1, "owned_by": "simulated"}
        return _json({"object": "list", "data": [model]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._take(request, read_chat, _write_chat)

    async def _responses(self, request: web.Request) -> web.StreamResponse:
        return await self._take(request, read_responses, _write_response)

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        return await self._take(request, read_completion, _write_text)

    async def _take(self, request: web.Request, read: Reader, write: Writer) -> web.StreamResponse:
        body = await request.read()
        self.seen.calls += 1
        draw = random.Random(f"{self.simulation.seed}:{self.seen.calls}")  # noqa: S311 - repeatable on purpose
        if self.simulation.keys is not None and _credential(request) not in self.simulation.keys:
            return error(401, "invalid_api_key", "Incorrect API key provided.")
        asked = read(body)
        if asked is None:
            return error(400, "invalid_json", "We could not parse the JSON body of your request.")
        if self.simulation.models is not None and (asked.body or {}).get("model") not in self.simulation.models:
            return error(404, "model_not_found", "The model does not exist or you do not have access to it.")
        return await self._answer(request, asked, write, draw)

    async def _answer(
        self, request: web.Request, asked: Asked, write: Writer, draw: random.Random
    ) -> web.StreamResponse:
        self.seen.open += 1
        try:
            fault, completion = self._fault(draw), self._complete(asked, draw)
            await asyncio.sleep(self._seconds(draw))
            pause = fault.seconds if fault is not None else self.simulation.pause_ms / 1000
            pieces = write(completion, asked)
            return await _reply(request, completion, pieces, fault, stream=asked.stream, pause=pause)
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

    def _complete(self, asked: Asked, draw: random.Random) -> Completion:
        """Every tool that is called at once gets an answer of its own."""
        schemas = [schema for _, schema in asked.tools] or [asked.schema or {}]
        texts = [self._say(asked, schema, draw) for schema in schemas]
        names = [name for name, _ in asked.tools]
        return Completion(
            text=texts[0],
            number=self.seen.calls,
            prompt_tokens=max(1, len(asked.text) // 4),
            model=self.simulation.model,
            tool=names[0] if names else None,
            finish=_finish(asked),
            legacy=asked.form is Form.FUNCTION,
            beside=list(zip(names[1:], texts[1:], strict=True)),
        )

    def _say(self, asked: Asked, schema: Schema, draw: random.Random) -> str:
        if asked.form is Form.TEXT:
            return self._speaker(asked.text)
        answer = self._oracle(asked.text, schema)
        if draw.random() < self.simulation.noise:
            answer = noisy(answer, schema, draw=draw)
        return orjson.dumps(answer).decode()


def _finish(asked: Asked) -> str:
    """A tool that was named is no choice of the model's, so it says `stop`."""
    if asked.form is Form.TOOL and not asked.named:
        return "tool_calls"
    return "function_call" if asked.form is Form.FUNCTION and not asked.named else "stop"


def _write_chat(completion: Completion, asked: Asked) -> list[bytes]:
    return frames(completion, usage=asked.usage) if asked.stream else [whole(completion)]


def _write_response(completion: Completion, asked: Asked) -> list[bytes]:
    body = asked.body or {}
    return response_frames(completion, body) if asked.stream else [whole_response(completion, body)]


def _write_text(completion: Completion, asked: Asked) -> list[bytes]:
    return text_frames(completion) if asked.stream else [whole_text(completion)]


async def _reply(
    request: web.Request,
    completion: Completion,
    chunks: list[bytes],
    fault: Fault | None,
    *,
    stream: bool,
    pause: float,
) -> web.StreamResponse:
    """Sends the reply, as far as the fault lets it through."""
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
        await asyncio.sleep(pause)
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
