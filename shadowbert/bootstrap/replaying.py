"""Asks an upstream itself, with the operator's own key: past the proxy, so that nothing of it is logged as traffic.

Refuses to know what the answers mean. A key goes to its upstream and nowhere else: into no message, log or store.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from openai import APIError, AsyncOpenAI, HttpxBinaryResponseContent

from shadowbert.bootstrap.upstreams import every_upstream
from shadowbert.domain.exchange import Endpoint
from shadowbert.errors import ConfigError, UpstreamError
from shadowbert.flow.carryover import Replied
from shadowbert.sections import Settings, UpstreamSettings
from shadowbert.settings import key_variable, upstream_key
from shadowbert.upstream.target import map_target

AT_ONCE = 4
FAILURES = 5
"""In a row: then something is wrong that further calls will not mend."""
TIMEOUT_S = 60.0
PATHS: Mapping[Endpoint, str] = MappingProxyType(
    {Endpoint.CHAT: "/chat/completions", Endpoint.RESPONSES: "/responses", Endpoint.COMPLETIONS: "/completions"}
)
NO_KEY = "unused"
"""What the client sends where nobody checks."""


def key_of(settings: Settings, name: str) -> str:
    """Raises ConfigError where the upstream is unknown, or wants a key and there is none."""
    upstream = _configured(settings, name)
    if upstream.auth == "none":
        return NO_KEY
    key = upstream_key(name)
    if key is None:
        raise ConfigError(f"variable {key_variable(name)}: the LLM itself is asked, which needs a key of yours")
    return key


def replay(
    settings: Settings,
    name: str,
    endpoint: Endpoint,
    bodies: Sequence[bytes],
    *,
    told: Callable[[], None] = lambda: None,
) -> list[Replied | None]:
    """The answers in the order of the requests; None where none came. `told` hears of each that is done.

    Raises ConfigError as `key_of` does, and UpstreamError where one failure followed on another.
    """
    key = key_of(settings, name)
    return asyncio.run(_replay(_configured(settings, name), key, PATHS[endpoint], bodies, told))


async def _replay(
    upstream: UpstreamSettings, key: str, path: str, bodies: Sequence[bytes], told: Callable[[], None]
) -> list[Replied | None]:
    async with AsyncOpenAI(base_url=_base(upstream.base_url), api_key=key, timeout=TIMEOUT_S) as client:
        asker = _Asker(client, path, told, replies=[None] * len(bodies))
        waiting = iter(enumerate(bodies))
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(asker.work(waiting))
    if asker.failures >= FAILURES:
        raise UpstreamError(f"{asker.failures} calls in a row failed; {asker.error.replace(key, '***')}")
    return asker.replies


@dataclass(slots=True)
class _Asker:
    """Several of its `work` take from the same requests."""

    client: AsyncOpenAI
    path: str
    told: Callable[[], None]
    replies: list[Replied | None] = field(default_factory=list)
    failures: int = 0
    """In a row, by the end of the calls."""
    error: str = ""

    async def work(self, waiting: Iterator[tuple[int, bytes]]) -> None:
        for at, body in waiting:
            try:
                reply = await self.client.post(self.path, cast_to=HttpxBinaryResponseContent, content=body)
            except APIError as error:
                self.failures, self.error = self.failures + 1, f"the last one with: {error}"
            else:
                self.failures = 0
                self.replies[at] = Replied(reply.content, reply.response.headers.get("content-type", ""))
            self.told()
            if self.failures >= FAILURES:
                return


def _configured(settings: Settings, name: str) -> UpstreamSettings:
    upstreams = every_upstream(settings)
    if name not in upstreams:
        raise ConfigError(f"upstreams.{name}: the calls went there, and it is not configured any more")
    return upstreams[name]


def _base(url: str) -> str:
    """Where clients' /v1 lands."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{map_target(parts.path.encode(), b'/v1').decode()}"
