"""Several upstreams behind one address, over real sockets: configuration chooses, nothing else does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import openai
import pytest

from shadowbert.flow.policy import AnswerPolicy
from shadowbert.routing.upstreams import UpstreamRule
from shadowbert.testing.factories import TEACHER, version
from shadowbert.testing.house import House
from shadowbert.testing.raw import RawUpstream, replying, serving_raw
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from tests.web.raw_client import exchange, parse
from tests.web.test_openai_client import FORMAT, prompt

AZURE = UpstreamRule("azure", path_prefix="/azure")
CLAUDE = UpstreamRule("claude", models=("claude-*",))


def named(name: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(name) + name


@dataclass
class Row:
    """Three raw upstreams with a house in front of them."""

    house: House
    raw: dict[str, RawUpstream]

    def post(self, target: str, body: bytes = b"{}", headers: bytes = b"") -> tuple[int, bytes]:
        head = b"POST %b HTTP/1.1\r\nhost: us\r\nconnection: close\r\ncontent-length: %d\r\n" % (
            target.encode(),
            len(body),
        )
        status, _, reply = parse(exchange(self.house.url, head + headers + b"\r\n" + body))
        return status, reply


@pytest.fixture(scope="module")
def row() -> Iterator[Row]:
    with (
        serving_raw(replying(named(b"default"))) as (default, url),
        serving_raw(replying(named(b"azure"))) as (azure, azure_url),
        serving_raw(replying(named(b"claude"))) as (claude, claude_url),
        House(
            f"{url}/v1",
            policy=AnswerPolicy(body_limit=100_000),
            others={AZURE: f"{azure_url}/openai", CLAUDE: f"{claude_url}/v1"},
        ).open() as house,
    ):
        yield Row(house, {"": default, "azure": azure, "claude": claude})


@pytest.fixture(autouse=True)
def fresh(row: Row) -> None:
    row.house.journal.rows.clear()
    for raw in row.raw.values():
        raw.requests.clear()


@pytest.mark.parametrize(
    ("target", "body", "name", "line"),
    [
        ("/v1/chat/completions", b'{"model":"gpt-5"}', "", b"/v1/chat/completions"),
        ("/v1/chat/completions", b'{"model":"claude-3"}', "claude", b"/v1/chat/completions"),
        ("/responses?", b'{"model":"claude-3"}', "claude", b"/v1/responses?"),
        ("/azure/openai/responses?api-version=1", b"{}", "azure", b"/openai/responses?api-version=1"),
        (
            "/azure/deployments/d/chat/completions",
            b'{"model":"claude-3"}',
            "azure",
            b"/openai/deployments/d/chat/completions",
        ),
        ("/azure", b"", "azure", b"/openai"),
        ("/v1/embeddings", b'{"model":"claude-3"}', "", b"/v1/embeddings"),
    ],
)
def test_each_call_reaches_its_upstream(row: Row, target: str, body: bytes, name: str, line: bytes) -> None:
    assert row.post(target, body) == (200, (name or "default").encode())
    assert {key: len(raw.requests) for key, raw in row.raw.items()} == {"": 0, "azure": 0, "claude": 0} | {name: 1}
    assert row.raw[name].requests[0].startswith(b"POST " + line + b" HTTP/1.1\r\n")
    (journalled,) = row.house.journal.rows
    assert (journalled.upstream, journalled.path) == (name, target.partition("?")[0])


@pytest.mark.parametrize(
    "headers",
    [
        b"x-shadowbert-upstream: claude\r\n",
        b"x-upstream: claude\r\n",
        b"host: claude\r\n",
        b"x-forwarded-host: claude\r\nx-forwarded-prefix: /azure\r\n",
        b"x-original-url: /azure\r\n",
    ],
)
def test_no_header_chooses(row: Row, headers: bytes) -> None:
    assert row.post("/v1/chat/completions", headers=headers)[1] in (b"default", b"")  # two Host headers are no HTTP
    assert not row.raw["claude"].requests
    assert not row.raw["azure"].requests


def test_a_body_too_large_to_be_read_goes_nowhere_where_its_model_decides(row: Row) -> None:
    large = b'{"model":"claude-3","x":"' + b"x" * 200_000 + b'"}'
    status, body = row.post("/v1/chat/completions", large)
    assert (status, json.loads(body)["error"]["code"]) == (413, "shadowbert_model_unread")
    assert row.post("/azure/chat/completions", large) == (200, b"azure")
    assert row.post("/v1/files", large) == (200, b"default")
    assert not row.raw["claude"].requests


def test_a_credential_that_one_upstream_accepted_counts_for_no_other() -> None:
    """The same model at two upstreams: two teachers, two lists of accepted callers."""
    upstreams = [SimulatedUpstream(simulation=Simulation(median_ms=1.0)) for _ in range(2)]
    with (
        serving_upstream(upstreams[0].app()) as one,
        serving_upstream(upstreams[1].app()) as two,
        House(f"{one}/v1", others={AZURE: f"{two}/v1"}).open() as house,
    ):
        house.stages.show(version())

        def ask(path: str) -> str:
            with openai.OpenAI(base_url=f"{house.url}{path}", api_key="sk-1", max_retries=0) as client:
                client.chat.completions.create(model=TEACHER, messages=prompt("My card?"), response_format=FORMAT)
            return house.journal.rows[-1].route.label

        assert [ask("/azure/v1"), ask("/v1"), ask("/v1"), ask("/azure/v1")] == [
            "llm:unknown_task",
            "llm:unauthenticated",
            "student",
            "llm:unknown_task",
        ]
    assert [upstream.seen.calls for upstream in upstreams] == [1, 2]
