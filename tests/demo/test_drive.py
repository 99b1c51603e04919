import asyncio

import pytest

from shadowbert.demo import drive as driving
from shadowbert.demo.caller import Noted
from shadowbert.demo.dataset import Message
from shadowbert.demo.drive import Drive
from shadowbert.demo.progress import Progress
from shadowbert.domain.task import Stage
from tests.demo.examples import COLOURS, noted, progress, training


class Echo:
    """Answers at once, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.most = 0
        self._open = 0

    async def ask(self, message: Message) -> Noted:
        self.asked.append(message.text)
        self._open += 1
        self.most = max(self.most, self._open)
        await asyncio.sleep(0)
        self._open -= 1
        return noted(len(self.asked))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "SETTLED_S", 0.05)
    monkeypatch.setattr(driving, "TICK_S", 0.001)


def is_live(seen: Progress) -> bool:
    return seen.stage is Stage.LIVE


async def test_sends_every_message_once_and_in_order() -> None:
    echo = Echo()
    drive = Drive(echo, 800)
    assert not await drive.send(iter(COLOURS.messages), until=is_live)
    assert echo.asked == [message.text for message in COLOURS.messages]
    assert len(drive.calls) == len(COLOURS.messages)


async def test_stops_as_soon_as_it_may_and_loses_no_message() -> None:
    echo = Echo()
    drive, queue = Drive(echo, 800, progress=progress(Stage.LIVE)), iter(COLOURS.messages)
    assert await drive.send(queue, until=is_live)
    assert echo.asked == []
    assert next(queue) is COLOURS.messages[0]


async def test_never_has_more_calls_under_way_than_the_pace_allows() -> None:
    echo = Echo()
    await Drive(echo, 800, progress=progress(Stage.CANARY)).send(iter(COLOURS.messages[:15]), until=is_live)
    assert echo.most <= 2


async def test_waits_for_a_worker_that_is_behind() -> None:
    echo = Echo()
    drive = Drive(echo, 800, progress=progress(Stage.CANARY))
    sending = asyncio.create_task(drive.send(iter(COLOURS.messages), until=is_live))
    await asyncio.sleep(0.1)
    assert len(echo.asked) == 16
    drive.progress = progress(Stage.CANARY, worked=10)
    await asyncio.sleep(0.1)
    assert len(echo.asked) == 26
    drive.progress = progress(Stage.LIVE, worked=26)
    assert await sending


async def test_waits_for_what_the_last_messages_cause() -> None:
    drive = Drive(Echo(), 800, progress=progress(Stage.SHADOW))
    sending = asyncio.create_task(drive.send(iter(COLOURS.messages), until=is_live))
    for worked in range(10, 60, 10):
        await asyncio.sleep(0.02)
        drive.progress = progress(Stage.SHADOW, worked=worked)
    drive.progress = progress(Stage.LIVE, worked=60)
    assert await sending


@pytest.mark.parametrize(("stage", "waits"), [(Stage.SHADOW, True), (Stage.LIVE, False)])
async def test_waits_for_a_training_only_where_nothing_serves_yet(stage: Stage, waits: bool) -> None:
    seen = progress(stage, worked=60, training=training())
    sending = asyncio.create_task(Drive(Echo(), 800, progress=seen).send(iter([]), until=lambda _: False))
    await asyncio.sleep(0.5)
    assert sending.done() is not waits
    sending.cancel()
