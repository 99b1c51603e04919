from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.wire.sse import DONE, TerminalScanner, data_of, frame

LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


def cut(data: bytes, at: list[int]) -> list[bytes]:
    bounds = sorted({0, len(data), *(i % (len(data) + 1) for i in at)})
    return [data[start:end] for start, end in pairwise(bounds)]


def test_frames_read_back() -> None:
    assert list(data_of(frame({"a": "é\n"}) + DONE)) == ['{"a":"é\\n"}'.encode(), b"[DONE]"]


def test_the_standards_corners() -> None:
    body = b"\xef\xbb\xbf: comment\nevent: x\ndata:one\ndata:  two\n\n\n:\n\nid: 1\n\ndata: open"
    assert list(data_of(body)) == [b"one\n two", b"open"]


@given(st.lists(st.binary().filter(lambda b: b"\n" not in b and b"\r" not in b)), LINE_ENDS)
def test_data_survives_any_line_end(payloads: list[bytes], end: bytes) -> None:
    body = b"".join(b"data: " + payload + end + end for payload in payloads)
    assert list(data_of(body)) == payloads


@given(st.lists(st.integers(0, 10_000)), LINE_ENDS, st.booleans(), st.integers(0, 3))
def test_the_end_is_seen_in_the_chunk_that_ends_its_line(at: list[int], end: bytes, space: bool, before: int) -> None:
    body = frame({"say": "data: [DONE]\n"}) * before
    line = b"data: [DONE]" if space else b"data:[DONE]"
    seen, scanner = b"", TerminalScanner()
    for chunk in cut(body + line + end + end, at):
        seen += chunk
        assert scanner.feed(chunk) == (body + line + end[:1] in seen)


@pytest.mark.parametrize("body", [b"", b"data: [DONE]", b"x data: [DONE]\n", b"data: [DONE]!\n", b'data: "[DONE]"\n\n'])
def test_what_only_looks_like_the_end_is_not(body: bytes) -> None:
    assert not TerminalScanner().feed(body)


@given(st.lists(st.binary(max_size=40)))
def test_the_scanner_agrees_with_a_look_at_the_whole(chunks: list[bytes]) -> None:
    scanner, whole = TerminalScanner(), TerminalScanner()
    assert [scanner.feed(chunk) for chunk in chunks][-1:] == [whole.feed(b"".join(chunks))][: len(chunks)]


def test_once_seen_stays_seen() -> None:
    scanner = TerminalScanner()
    assert scanner.feed(DONE)
    assert scanner.feed(b"anything")
