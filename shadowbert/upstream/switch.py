"""Several relays behind one port: each request names its upstream. Refuses to know why it goes there."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Protocol, Self

from shadowbert.upstream.relay import Outgoing, Relay, Sending


class Addressed(Outgoing, Protocol):
    @property
    def upstream(self) -> str: ...


class Switch:
    """Opens and closes all its relays; use it as an async context manager. The default one's name is empty."""

    def __init__(self, relays: Mapping[str, Relay]) -> None:
        self._relays = relays
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            for relay in self._relays.values():
                await opening.enter_async_context(relay)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self._open.aclose()

    def send(self, request: Addressed) -> Sending:
        """Raises KeyError for an upstream that nobody configured."""
        return self._relays[request.upstream].send(request)
