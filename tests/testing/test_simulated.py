"""The simulated upstream behaves like the real one as far as a client can tell, and the same way each time."""

import json
import random
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import openai
import pytest

from shadowbert.testing.factories import LABELS, SCHEMA
from shadowbert.testing.faults import Fault, Kind
from shadowbert.testing.oracles import fields_of, first_label, hashed_label
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation

FORMAT: Any = {"type": "json_schema", "json_schema": {"name": "bank", "schema": SCHEMA}}


def post(url: str, body: bytes, *, key: str = "k") -> tuple[int, Any]:
    request = urllib.request.Request(f"{url}/v1/chat/completions", body, {"authorization": f"Bearer {key}"})
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def answers(simulation: Simulation, count: int = 30) -> list[str | None]:
    upstream = SimulatedUpstream(first_label, simulation)
    with (
        serving_upstream(upstream.app()) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client,
    ):
        return [
            client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": str(i)}], response_format=FORMAT
            )
            .choices[0]
            .message.content
            for i in range(count)
        ]


def test_noise_is_a_share_of_answers_and_the_same_each_time() -> None:
    noisy = answers(Simulation(median_ms=0.1, noise=0.3, seed=4))
    assert noisy == answers(Simulation(median_ms=0.1, noise=0.3, seed=4))
    assert noisy != answers(Simulation(median_ms=0.1, noise=0.3, seed=5))
    assert 0 < sum('"account"' not in (answer or "") for answer in noisy) < 20
    assert len(set(answers(Simulation(median_ms=0.1), 5))) == 1


def test_the_oracle_sees_the_whole_prompt_and_the_schema() -> None:
    seen: list[tuple[str, Mapping[str, object]]] = []

    def oracle(text: str, schema: Mapping[str, object]) -> Mapping[str, object]:
        seen.append((text, schema))
        return {"label": "card"}

    upstream = SimulatedUpstream(oracle, Simulation(median_ms=0.1))
    with serving_upstream(upstream.app()) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="k") as client:
        parts: Any = [{"type": "text", "text": "b"}]
        client.chat.completions.create(
            model="m",
            messages=[{"role": "system", "content": "a"}, {"role": "user", "content": parts}],
            tools=[{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
            tool_choice="required",
        )
    assert seen == [("a\nb", SCHEMA)]


def test_latency_has_the_median_asked_for_divided_by_the_speed() -> None:
    def drawn(speed: float) -> list[float]:
        upstream = SimulatedUpstream(simulation=Simulation(speed=speed))
        return sorted(upstream._seconds(random.Random(i)) for i in range(999))

    assert drawn(1.0)[499] == pytest.approx(0.6, rel=0.1)
    assert drawn(100.0)[499] == pytest.approx(drawn(1.0)[499] / 100)


def test_faults_strike_at_their_rate_and_are_counted() -> None:
    simulation = Simulation(median_ms=0.1, fault_rate=0.5, faults=[Fault(Kind.STATUS, status=503)])
    upstream = SimulatedUpstream(simulation=simulation)
    with serving_upstream(upstream.app()) as url:
        statuses = [post(url, b'{"messages":[]}')[0] for _ in range(40)]
    assert set(statuses) == {200, 503}
    assert 8 < statuses.count(503) < 32
    assert (upstream.seen.calls, upstream.seen.open) == (40, 0)


def test_a_silent_call_is_counted_as_broken_when_its_client_leaves() -> None:
    upstream = SimulatedUpstream(simulation=Simulation(median_ms=0.1))
    upstream.seen.planned.append(Fault(Kind.SILENCE))
    with (
        serving_upstream(upstream.app()) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0, timeout=0.1) as client,
        pytest.raises(openai.APITimeoutError),
    ):
        client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
    assert (upstream.seen.broken, upstream.seen.open) == (1, 0)


def test_keys_and_bodies_are_checked_as_openai_checks_them() -> None:
    upstream = SimulatedUpstream(simulation=Simulation(keys=frozenset({"sk-1"}), median_ms=0.1))
    with serving_upstream(upstream.app()) as url:
        assert post(url, b'{"messages":[]}', key="sk-1")[0] == 200
        status, body = post(url, b'{"messages":[]}', key="sk-2")
        assert (status, sorted(body["error"])) == (401, ["code", "message", "param", "type"])
        assert post(url, b"{", key="sk-1")[0] == 400


def test_every_other_path_tells_what_arrived() -> None:
    with serving_upstream(SimulatedUpstream().app()) as url:
        request = urllib.request.Request(f"{url}/v1/any?x=%2F", b"abc", {"x-a": "1"})
        with urllib.request.urlopen(request) as reply:
            told = json.loads(reply.read())
    assert (told["method"], told["target"], told["length"]) == ("POST", "/v1/any?x=%2F", 3)
    assert ["X-A", "1"] in [[name.title(), value] for name, value in told["headers"]]


def test_a_hashed_label_depends_on_the_text_alone_and_reaches_every_label() -> None:
    labels = [hashed_label(str(i), SCHEMA)["label"] for i in range(60)]
    assert set(labels) == set(LABELS)
    assert labels == [hashed_label(str(i), SCHEMA)["label"] for i in range(60)]


def test_fields_are_found_behind_references_constants_and_booleans() -> None:
    schema = {
        "$defs": {"S": {"enum": ["a"]}},
        "properties": {"s": {"$ref": "#/$defs/S"}, "b": {"type": "boolean"}, "c": {"const": 1}},
    }
    assert fields_of(schema) == {"s": ["a"], "b": [True, False], "c": [1]}
