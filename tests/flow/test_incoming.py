import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.flow.incoming import Incoming, observed, read_wishes
from shadowbert.routing.decide import Mode


@pytest.mark.parametrize(
    "path",
    [
        "/v1/chat/completions",
        "/chat/completions",
        "/openai/v1/chat/completions",
        "/openai/deployments/gpt-4o/chat/completions",
    ],
)
def test_chat_is_observed_under_every_prefix(path: str) -> None:
    assert observed("POST", path) is Endpoint.CHAT
    assert observed("GET", path) is None


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions/", "/v1/chat/completions/1", "/v1/embeddings", "/v2/chat/completions", "/"]
)
def test_everything_else_is_not(path: str) -> None:
    assert observed("POST", path) is None


def test_azures_deployment_is_read_from_the_path() -> None:
    def at(path: str) -> str | None:
        return Incoming("POST", path, b"/", [], b"").deployment

    assert at("/openai/deployments/my gpt/chat/completions") == "my gpt"
    assert at("/v1/chat/completions") is None


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
