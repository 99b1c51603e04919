"""Sends the messages: in order, each once, at the pace that the server's progress allows.

Refuses to know what a message is about and whether an answer is right.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from shadowbert.demo.caller import Noted
from shadowbert.demo.dataset import Message
from shadowbert.demo.pace import pace_of
from shadowbert.demo.progress import Progress

TICK_S = 0.02
SETTLED_S = 10.0
"""Without a change after the last message, nothing more is to come."""


class Asks(Protocol):
    async def ask(self, message: Message) -> Noted: ...


@dataclass(slots=True)
class Drive:
    """`progress` is set from outside as the server is looked at."""

    caller: Asks
    enough: int
    """Examples that make the first student worth waiting for."""
    progress: Progress = field(default_factory=Progress)
    calls: list[Noted] = field(default_factory=list)
    _made: int = 0
    _last: float = 0.0

    async def send(self, queue: Iterator[Message], *, until: Callable[[Progress], bool]) -> bool:
        """True as soon as `until` holds; False when the messages ran out and the server has settled before that."""
        async with asyncio.TaskGroup() as group:
            while not until(self.progress):
                if not self._allowed():
                    await asyncio.sleep(TICK_S)
                    continue
                message = next(queue, None)
                if message is None:
                    break
                self._made += 1
                self._last = time.monotonic()
                group.create_task(self._ask(message))
        return until(self.progress) or await self._settle(until)

    def _allowed(self) -> bool:
        return pace_of(self.progress, self.enough).allows(
            under_way=self._made - len(self.calls),
            ahead=self._made - self.progress.worked,
            since_s=time.monotonic() - self._last,
        )

    async def _ask(self, message: Message) -> None:
        self.calls.append(await self.caller.ask(message))

    async def _settle(self, until: Callable[[Progress], bool]) -> bool:
        before, since = self._state(), time.monotonic()
        while time.monotonic() - since < SETTLED_S:
            await asyncio.sleep(TICK_S)
            if until(self.progress):
                return True
            if self.progress.student_awaited or self._state() != before:
                before, since = self._state(), time.monotonic()
        return False

    def _state(self) -> tuple[object, ...]:
        progress = self.progress
        return progress.loaded, progress.worked, progress.stage, progress.task and progress.task.share
