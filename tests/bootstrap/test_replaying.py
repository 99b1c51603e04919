"""The upstream itself is asked, by the official client over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import pytest

from shadowbert.bootstrap.replaying import FAILURES, key_of, replay
from shadowbert.domain.exchange import Endpoint
from shadowbert.errors import ConfigError, UpstreamError
from shadowbert.sections import NamedUpstreamSettings, Settings, UpstreamSettings
from shadowbert.testing.calls import asked
from shadowbert.testing.faults import Fault, Kind
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation

KEY = "sk-operators-own"
LOST = Fault(Kind.STATUS, status=404)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("GROQ_API_KEY", raising=False)


@contextmanager
def upstream(**changes: object) -> Iterator[tuple[SimulatedUpstream, str]]:
    simulated = SimulatedUpstream(simulation=Simulation(median_ms=1.0, keys=frozenset({KEY}), **changes))  # type: ignore[arg-type]
    with serving_upstream(simulated.app()) as url:
        yield simulated, url


def at(url: str, **changes: object) -> Settings:
    return Settings(upstream=UpstreamSettings(base_url=url, **changes))  # type: ignore[arg-type]


def label(body: bytes) -> str:
    return str(orjson.loads(orjson.loads(body)["choices"][0]["message"]["content"])["label"])


@pytest.mark.parametrize("root", ["/v1", "", "/openai/v1"])
def test_every_request_gets_its_own_answer(root: str) -> None:
    heard: list[int] = []
    bodies = [asked(f"text {n}") for n in range(9)]
    with upstream() as (simulated, url):
        replies = replay(at(url + root), "", Endpoint.CHAT, bodies, told=lambda: heard.append(1))
        again = replay(at(url + root), "", Endpoint.CHAT, bodies[::-1])
    said = [label(reply.body) for reply in replies if reply]
    assert said == [label(reply.body) for reply in again if reply][::-1]
    assert (len(said), len(set(said)) > 1, len(heard)) == (9, True, 9)
    assert simulated.seen.calls == 18
    assert {reply.content_type for reply in replies if reply} == {"application/json"}


def test_the_other_endpoints_are_asked_too() -> None:
    with upstream() as (_, url):
        (reply,) = replay(at(url), "", Endpoint.RESPONSES, [orjson.dumps({"model": "m", "input": "x"})])
        (text,) = replay(at(url), "", Endpoint.COMPLETIONS, [orjson.dumps({"model": "m", "prompt": "x"})])
    assert reply is not None
    assert text is not None
    assert orjson.loads(reply.body)["object"] == "response"
    assert orjson.loads(text.body)["object"] == "text_completion"


def test_a_failure_is_no_answer_and_the_rest_goes_on() -> None:
    with upstream() as (simulated, url):
        simulated.seen.planned[:] = [LOST] * (FAILURES - 1)
        replies = replay(at(url), "", Endpoint.CHAT, [asked(f"text {n}") for n in range(12)])
    assert [reply is None for reply in replies].count(True) == FAILURES - 1


def test_after_five_failures_in_a_row_nobody_is_asked_any_more() -> None:
    with upstream() as (simulated, url):
        simulated.seen.planned[:] = [LOST] * 100
        with pytest.raises(UpstreamError, match=r"calls in a row failed; the last one with: .*404"):
            replay(at(url), "", Endpoint.CHAT, [asked(f"text {n}") for n in range(40)])
        assert simulated.seen.calls < 10


def test_a_wrong_key_is_told_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-wrong-one")
    with upstream() as (_, url), pytest.raises(UpstreamError) as refused:
        replay(at(url), "", Endpoint.CHAT, [asked("text")] * 9)
    assert "401" in str(refused.value)
    assert "sk-a-wrong-one" not in str(refused.value)


def test_a_key_goes_to_its_own_upstream_only(monkeypatch: pytest.MonkeyPatch) -> None:
    groq = NamedUpstreamSettings(base_url="http://groq.example/v1", models=("llama*",))
    settings = Settings(upstreams={"groq": groq})
    assert key_of(settings, "") == KEY
    with pytest.raises(ConfigError, match=r"variable GROQ_API_KEY: .* needs a key of yours"):
        key_of(settings, "groq")
    monkeypatch.setenv("GROQ_API_KEY", "gsk-1")
    assert key_of(settings, "groq") == "gsk-1"
    with pytest.raises(ConfigError, match=r"upstreams.gone: .* not configured any more"):
        key_of(settings, "gone")
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(ConfigError, match="variable OPENAI_API_KEY"):
        replay(settings, "", Endpoint.CHAT, [asked("text")])


def test_where_nobody_checks_a_key_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    simulated = SimulatedUpstream(simulation=Simulation(median_ms=1.0, keys=frozenset({"unused"})))
    with serving_upstream(simulated.app()) as url:
        (reply,) = replay(at(url, auth="none"), "", Endpoint.CHAT, [asked("text")])
    assert reply is not None, "the operator's key stayed at home"
