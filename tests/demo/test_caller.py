"""The official client against a real server on a loopback port."""

from collections.abc import Iterator

import pytest
from openai import AsyncOpenAI

from shadowbert.demo.caller import Caller, Noted
from shadowbert.demo.dataset import same
from shadowbert.demo.upstream import Upstream, Weather, simulated
from shadowbert.recognition.validate import valid
from shadowbert.testing.faults import Fault, Kind
from shadowbert.testing.house import House
from tests.demo.examples import COLOURS

MODEL = "gpt-4o-mini"
QUICK = Weather(noise=0, faults=0, speed=1000)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with simulated(COLOURS, MODEL, QUICK) as upstream:
        yield upstream


async def ask(url: str, number: int = 0) -> Noted:
    async with AsyncOpenAI(base_url=url, api_key="simulated", max_retries=0, timeout=10) as client:
        return await Caller(client, COLOURS, MODEL).ask(COLOURS.messages[number])


async def test_the_simulated_llm_says_what_the_dataset_says(upstream: Upstream) -> None:
    noted = await ask(upstream.url, 3)
    assert noted.answered
    assert same(COLOURS.messages[3].answer, noted.content)
    assert noted.prompt_tokens > 0
    assert noted.completion_tokens > 0
    assert upstream.seen is not None
    assert upstream.seen.calls == 1


async def test_a_call_through_shadowbert_carries_its_exchange_and_source(upstream: Upstream) -> None:
    with House(upstream.url).open() as house:
        noted = await ask(f"{house.url}/v1")
    assert noted.source == "llm"
    assert [noted.exchange] == [exchange.id for exchange in house.journal.rows]
    assert not noted.local


async def test_an_error_reply_is_noted_with_its_exchange(upstream: Upstream) -> None:
    assert upstream.seen is not None
    upstream.seen.planned.append(Fault(Kind.STATUS, status=503))
    with House(upstream.url).open() as house:
        noted = await ask(f"{house.url}/v1")
    assert (noted.status, noted.source) == (503, "llm")
    assert noted.exchange == house.journal.rows[0].id
    assert not noted.answered


async def test_a_reply_that_never_comes_is_noted_too() -> None:
    noted = await ask("http://127.0.0.1:9/v1")
    assert (noted.status, noted.exchange, noted.source) == (None, None, "")


async def test_noise_makes_some_answers_differ() -> None:
    with simulated(COLOURS, MODEL, Weather(noise=0.5, faults=0, speed=1000)) as noisy:
        calls = [await ask(noisy.url, number) for number in range(20)]
    right = sum(same(call.message.answer, call.content) for call in calls)
    assert all(valid(COLOURS.schema, call.content) for call in calls)
    assert 0 < right < 20
