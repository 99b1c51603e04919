import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.flow.ending import Ending

SSE = (b"content-type", b"text/event-stream")


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=9))
def test_a_declared_length_ends_with_its_last_chunk_and_no_other(chunks: list[bytes]) -> None:
    ending = Ending("POST", 200, [(b"Content-Length", str(sum(map(len, chunks))).encode())])
    seen = [(ending.terminal(chunk), ending.last(chunk)) for chunk in chunks]
    assert seen == [(False, False)] * (len(chunks) - 1) + [(True, True)]


@given(st.integers(1, 30))
def test_a_stream_is_complete_at_done_and_goes_on_until_its_end(cut: int) -> None:
    events = b"data: {}\n\ndata: [DONE]\n\n"
    ending = Ending("POST", 200, [SSE])
    chunks = [events[:cut], events[cut:], b": bye\n"]
    assert any(ending.terminal(chunk) for chunk in chunks[:2])
    assert not any(ending.last(chunk) for chunk in chunks)


@pytest.mark.parametrize("kind", [b"response.completed", b"response.incomplete", b"response.failed", b"error"])
def test_a_stream_of_a_response_is_complete_at_the_blank_line_of_its_last_event(kind: bytes) -> None:
    ending = Ending("POST", 200, [SSE])
    assert not ending.terminal(b"event: response.created\ndata: {}\n\nevent: " + kind)
    assert not ending.terminal(b'\ndata: {"text":"' + b"x" * 100_000)
    assert not ending.terminal(b'"}\n')
    assert ending.terminal(b"\n")
    assert not ending.last(b"\n")


def test_done_inside_a_text_is_no_end() -> None:
    ending = Ending("POST", 200, [SSE])
    assert not ending.terminal(b'data: {"content":"data: [DONE]"}\n\n')


@pytest.mark.parametrize(
    ("method", "status", "headers"),
    [
        ("HEAD", 200, [(b"content-length", b"9")]),
        ("GET", 204, []),
        ("GET", 304, []),
        ("GET", 200, [(b"content-length", b"0")]),
    ],
)
def test_replies_that_have_no_body(method: str, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    assert Ending(method, status, headers).empty


def test_an_unknown_length_never_ends_by_counting() -> None:
    ending = Ending("GET", 200, [(b"content-length", b"many")])
    assert not ending.terminal(b"x") | ending.last(b"x")
