import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Exchange
from shadowbert.errors import JournalError
from shadowbert.flow.frames import FRAME_BYTES, HEADER_BYTES, Mark, decode, encode, segment_header, segment_version
from shadowbert.testing.exchanges import an_audited_exchange, an_exchange
from tests.flow.strategies import exchanges

MARK = Mark.of("0198c0de-0000-7000-8000-000000000001")


@given(exchanges)
def test_every_exchange_comes_back_as_it_was(exchange: Exchange) -> None:
    assert decode(encode(exchange)) == exchange


def test_the_types_come_back_too() -> None:
    exchange = decode(encode(an_audited_exchange()))
    assert exchange.prediction is not None
    assert isinstance(exchange.prediction.guess.answer, tuple)
    assert isinstance(exchange.prediction.guess.confidences, tuple)
    assert type(exchange.route.reason).__name__ == "Reason"
    assert type(exchange.request_body) is bytes


def test_an_empty_body_is_not_a_missing_one() -> None:
    exchange = decode(encode(an_exchange(request_body=b"", response_body=None)))
    assert exchange.request_body == b""
    assert exchange.response_body is None


def test_bodies_are_stored_as_they_are() -> None:
    body = bytes(range(256))
    assert encode(an_exchange(request_body=body)).count(body) == 1


@pytest.mark.parametrize(("name", "without"), [("retry_count", 0), ("caller", "")])
def test_a_row_from_before_a_field_was_added_can_be_read(name: str, without: object) -> None:
    payload = encode(an_exchange(request_body=None, response_body=None, retry_count=2, caller="c0ffee"))
    values = orjson.loads(payload[4:])
    del values[name]
    older = orjson.dumps(values)
    assert getattr(decode(len(older).to_bytes(4, "little") + older), name) == without


@pytest.mark.parametrize("changes", [{"client": "\ud800"}, {"client": object()}], ids=["surrogate", "not data"])
def test_what_json_cannot_hold_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(JournalError, match="cannot be written"):
        encode(an_exchange(**changes))


@pytest.mark.parametrize(
    "payload",
    [b"", b"\x00", b"\xff\xff\xff\xff{}", b"\x02\0\0\0{}", b"\x02\0\0\0[]", b"\x04\0\0\0null", b"\x03\0\0\0{x}"],
)
def test_a_payload_that_is_no_exchange_is_refused(payload: bytes) -> None:
    with pytest.raises(JournalError, match="no exchange"):
        decode(payload)


def test_a_number_that_json_turned_into_null_is_refused() -> None:
    with pytest.raises(JournalError, match="no exchange"):
        decode(encode(an_exchange(total_ms=float("nan"))))


def test_the_header_says_its_version() -> None:
    assert len(segment_header()) == HEADER_BYTES
    assert segment_version(segment_header() + b"more") == 1
    assert segment_version(segment_header(7)) == 7


@pytest.mark.parametrize("at", range(HEADER_BYTES))
def test_a_damaged_header_is_no_other_version(at: int) -> None:
    header = bytearray(segment_header())
    header[at] ^= 1
    assert segment_version(bytes(header)) is None


def test_frames_are_found_between_any_other_bytes() -> None:
    one, two = MARK.frame(b"one"), MARK.frame(b"two")
    data = b"\x00" * 7 + one + MARK.magic + two + MARK.magic[:3]
    assert [data[start + FRAME_BYTES : end] for start, end in MARK.intact(data, 0)] == [b"one", b"two"]


@given(st.lists(st.binary(max_size=30), max_size=6), st.integers(0, 400))
def test_a_cut_leaves_the_frames_before_it(payloads: list[bytes], cut: int) -> None:
    frames = [MARK.frame(payload) for payload in payloads]
    data = b"".join(frames)[:cut]
    ends = [sum(map(len, frames[: i + 1])) for i in range(len(frames))]
    whole = [end for end in ends if end <= cut]
    assert [end for _, end in MARK.intact(data, 0)] == whole
    tail = data[whole[-1] if whole else 0 :]
    assert not tail or MARK.unfinished(tail)


def test_frames_of_another_segment_are_no_frames() -> None:
    other = Mark.of("0198c0de-0000-7000-8000-000000000002")
    assert list(MARK.intact(other.frame(b"forged"), 0)) == []


def test_a_changed_byte_is_never_an_intact_frame() -> None:
    frame = MARK.frame(b"payload")
    for at in range(len(frame)):
        damaged = bytearray(frame)
        damaged[at] ^= 0x40
        assert list(MARK.intact(bytes(damaged), 0)) == []


def test_foreign_bytes_are_not_an_unfinished_frame() -> None:
    frame = MARK.frame(b"payload")
    assert MARK.unfinished(frame[:-1])
    assert MARK.unfinished(frame[:2])
    assert not MARK.unfinished(b"\x00\x00")
    assert not MARK.unfinished(frame[:-1] + b"?")
    assert not MARK.unfinished(b"\x00" * 40)
