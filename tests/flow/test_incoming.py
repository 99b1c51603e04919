import gzip
from dataclasses import replace
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.flow.incoming import Incoming, Streamed, addressed, observed, read_wishes
from shadowbert.routing.decide import Mode
from shadowbert.routing.upstreams import UpstreamRule, UpstreamRules

PREFIXES = ["", "/v1", "/openai", "/openai/v1", "/openai/deployments/gpt-4o", "/openai/deployments/my gpt"]
KINDS = {"chat/completions": Endpoint.CHAT, "responses": Endpoint.RESPONSES, "completions": Endpoint.COMPLETIONS}


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("kind", KINDS)
def test_three_endpoints_are_observed_under_every_prefix(prefix: str, kind: str) -> None:
    assert observed("POST", f"{prefix}/{kind}") is KINDS[kind]
    assert observed("GET", f"{prefix}/{kind}") is None
    assert observed("POST", f"{prefix}/{kind}/") is None


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions/1",
        "/v1/responses/resp_1",
        "/v1/responses/resp_1/cancel",
        "/v1/embeddings",
        "/v2/chat/completions",
        "/v1/engines/davinci/completions",
        "/v1/completions/completions",
        "/v1//chat/completions",
        "/v1/xresponses",
        "/",
        "*",
    ],
)
def test_everything_else_is_not(path: str) -> None:
    assert observed("POST", path) is None


def test_azures_deployment_is_read_from_the_path() -> None:
    def at(path: str) -> str | None:
        return Incoming("POST", path, b"/", [], b"").deployment

    assert at("/openai/deployments/my gpt/chat/completions") == "my gpt"
    assert at("/openai/deployments/d/completions") == "d"
    assert at("/v1/chat/completions") is None
    assert at("/openai/responses") is None


RULES = UpstreamRules(
    (
        UpstreamRule("azure", "/azure"),
        UpstreamRule("claude", models=("claude-*",)),
        UpstreamRule("dep", models=("d-*",)),
    )
)


class Unread:
    """A body that is passed on while it comes."""

    seen = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration


def sent(target: str, body: bytes | Streamed = b"", method: str = "POST") -> Incoming:
    return Incoming(method, target.partition("?")[0], target.encode(), [], body)


@pytest.mark.parametrize(
    ("target", "body", "upstream", "onward", "endpoint"),
    [
        ("/azure/v1/chat/completions?x=1", b"{}", "azure", b"/v1/chat/completions?x=1", Endpoint.CHAT),
        (
            "/azure/openai/deployments/d-1/completions",
            b"",
            "azure",
            b"/openai/deployments/d-1/completions",
            "completions",
        ),
        ("/azure", b"", "azure", b"", None),
        ("/v1/chat/completions", b'{"model":"claude-3"}', "claude", b"/v1/chat/completions", Endpoint.CHAT),
        ("/v1/responses", b'{"model":"claude-3"}', "claude", b"/v1/responses", Endpoint.RESPONSES),
        ("/v1/completions", b'{"model":"claude-3"}', "claude", b"/v1/completions", Endpoint.COMPLETIONS),
        ("/v1/embeddings", b'{"model":"claude-3"}', "", b"/v1/embeddings", None),
        ("/v1/chat/completions", b'{"model":"gpt-5"}', "", b"/v1/chat/completions", Endpoint.CHAT),
        ("/v1/chat/completions", b'{"model":["claude-3"]}', "", b"/v1/chat/completions", Endpoint.CHAT),
        ("/v1/chat/completions", b"claude-3", "", b"/v1/chat/completions", Endpoint.CHAT),
        (
            "/openai/deployments/d-1/chat/completions",
            b'{"model":"claude-3"}',
            "dep",
            b"/openai/deployments/d-1/chat/completions",
            Endpoint.CHAT,
        ),
        ("/azure/v1/chat/completions", Unread(), "azure", b"/v1/chat/completions", Endpoint.CHAT),
        ("/v1/files", Unread(), "", b"/v1/files", None),
    ],
)
def test_a_call_is_addressed_by_its_path_then_by_its_model(
    target: str, body: bytes | Streamed, upstream: str, onward: bytes, endpoint: Endpoint | None
) -> None:
    placed = addressed(sent(target, body), RULES)
    assert placed is not None
    assert (placed.upstream, placed.onward, placed.endpoint) == (upstream, onward, endpoint)
    assert placed.target == target.encode(), "the row keeps what the client said"


def test_a_model_that_decides_must_be_read() -> None:
    assert addressed(sent("/v1/chat/completions", Unread()), RULES) is None
    assert addressed(sent("/v1/chat/completions", Unread()), UpstreamRules(RULES.rules[:1])) is not None


@given(st.binary(max_size=40))
def test_no_body_is_too_odd_to_be_addressed(body: bytes) -> None:
    placed = addressed(sent("/v1/chat/completions", body), RULES)
    assert placed is not None
    assert placed.upstream in ("", "claude")


def test_wishes_are_read_from_headers_in_any_case() -> None:
    wishes = read_wishes(
        [
            (b"X-Shadowbert-Mode", b" LLM "),
            (b"X-SHADOWBERT-TASK", "größe".encode()),
            (b"x-shadowbert-no-log", b"true"),
            (b"x-stainless-retry-count", b"2"),
            (b"User-Agent", b"OpenAI/Python 3.54.0"),
        ]
    )
    assert (wishes.mode, wishes.task, wishes.no_log) == (Mode.LLM, "größe", True)
    assert (wishes.retry_count, wishes.client) == (2, "OpenAI/Python 3.54.0")


@pytest.mark.parametrize(("value", "no_log"), [(b"1", True), (b"yes", True), (b"0", False), (b"False", False)])
def test_no_log_may_be_said_and_denied(value: bytes, no_log: bool) -> None:
    assert read_wishes([(b"x-shadowbert-no-log", value)]).no_log is no_log


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"x-shadowbert-mode", b"x-shadowbert-task", b"x-stainless-retry-count", b"user-agent"]),
            st.binary(max_size=12),
        ),
        max_size=6,
    )
)
def test_no_header_is_too_odd_to_be_read(headers: list[tuple[bytes, bytes]]) -> None:
    wishes = read_wishes(headers)
    assert wishes.mode in Mode
    assert wishes.credential == ()


def test_credentials_do_not_depend_on_the_order_of_headers() -> None:
    pair = [(b"api-key", b"a"), (b"Authorization", b"b")]
    assert read_wishes(pair).credential == read_wishes(pair[::-1]).credential == (b"api-key:a", b"authorization:b")


def test_a_compressed_body_is_not_read_and_so_not_addressed() -> None:
    body = gzip.compress(b'{"model":"claude-x"}')
    coded = replace(sent("/v1/chat/completions", body), headers=((b"Content-Encoding", b"gzip"),))
    assert addressed(coded, RULES) is None
