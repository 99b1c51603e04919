from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.wire.sse import DONE, TerminalScanner, data_of, frame, objects_of, typed_frame

LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


def cut(data: bytes, at: list[int]) -> list[bytes]:
    bounds = sorted({0, len(data), *(i % (len(data) + 1) for i in at)})
    return [data[start:end] for start, end in pairwise(bounds)]


def test_frames_read_back() -> None:
    assert list(data_of(frame({"a": "é\n"}) + DONE)) == ['{"a":"é\\n"}'.encode(), b"[DONE]"]


def test_a_typed_frame_says_its_type_twice() -> None:
    assert typed_frame("error", {"a": 1}) == b'event: error\ndata: {"type":"error","a":1}\n\n'


def test_objects_are_given_in_order_and_what_is_none_as_none() -> None:
    body = frame({"a": 1}) + frame([]) + b"data: {\n\n" + typed_frame("error", {}) + DONE
    assert list(objects_of(body)) == [{"a": 1}, None, None, {"type": "error"}]


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


LAST = ("response.completed", "response.incomplete", "response.failed", "error")
SPELT = ["event: {kind}{end}data: {data}{end}", "event:{kind}{end}data:{data}{end}", "data: {data}{end}"]


def spelt(kind: str, form: str, end: bytes, said: str = "") -> bytes:
    """One event up to its blank line, in one of the forms that servers write."""
    data = orjson.dumps({"type": kind, "said": said}).decode()
    return form.format(kind=kind, data=data, end=end.decode()).encode()


@given(st.sampled_from(LAST), st.sampled_from(SPELT), LINE_ENDS, st.lists(st.integers(0, 10_000)), st.text(max_size=80))
def test_the_end_of_a_response_is_seen_in_the_chunk_that_ends_its_event(
    kind: str, form: str, end: bytes, at: list[int], said: str
) -> None:
    before = spelt("response.output_text.delta", form, end, f"{said}\nevent: {kind}\n\ndata: [DONE]\n") + end
    event = before + spelt(kind, form, end, said)
    seen, scanner = b"", TerminalScanner()
    for chunk in cut(event + end + b": bye\n\n", at):
        seen += chunk
        assert scanner.feed(chunk) == (len(seen) > len(event))


@given(st.text())
def test_a_text_inside_an_event_cannot_fake_the_end(said: str) -> None:
    scanner = TerminalScanner()
    for text in (said, f"\nevent: response.completed\ndata: {{}}\n\n{said}", f'\ndata: {{"type":"error"{said}\n\n'):
        assert not scanner.feed(typed_frame("response.output_text.delta", {"delta": text}))
        assert not scanner.feed(frame({"said": text, "type": "response.completed"}))


def test_an_event_without_its_own_line_is_known_by_its_type() -> None:
    assert TerminalScanner().feed(b'data: {"type": "response.completed", "response": {}}\n\n')
    assert not TerminalScanner().feed(b'data: {"type": "response.completed", "response": {}}\n')


@pytest.mark.parametrize(
    "body",
    [
        b"event: response.completed.not\ndata: {}\n\n",
        b"event: response.created\ndata: {}\n\n",
        b"id: 1\n event: error\n\n",
        b'data: ["error"]\n\n',
        b'data: {"type":"errors"}\n\n',
    ],
)
def test_other_events_are_no_end(body: bytes) -> None:
    assert not TerminalScanner().feed(body)


def test_a_huge_last_event_is_watched_without_being_kept() -> None:
    scanner, opening = TerminalScanner(), b'event: response.completed\ndata: {"response":"'
    assert not scanner.feed(opening)
    for _ in range(200):
        assert not scanner.feed(b"x" * 65_536)
        assert len(scanner._tail) < 64
    assert not scanner.feed(b'"}\n')
    assert scanner.feed(b"\n")


@given(st.lists(st.sampled_from([b"\r", b"\n", b"data: ", b"event: ", b"error", b"[DONE]", b'{"type":"', b'"', b"x"])))
def test_every_cut_ends_the_same(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    by_piece, by_byte = TerminalScanner(), TerminalScanner()
    seen = [by_piece.feed(piece) for piece in pieces][-1:]
    assert seen == [by_byte.feed(body[i : i + 1]) for i in range(len(body))][-1:]
    assert seen in ([], [TerminalScanner().feed(body)])
