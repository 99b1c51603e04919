import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.errors import UpstreamError
from shadowbert.upstream.headers import HOP_BY_HOP, narrow_encodings, reply_headers, request_headers

TOKEN = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(str.encode)
VALUE = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20).map(str.encode)
PAIRS = st.lists(st.tuples(TOKEN | st.sampled_from(sorted(HOP_BY_HOP)), VALUE), max_size=8)


@given(PAIRS)
def test_what_crosses_keeps_its_bytes_and_order(pairs: list[tuple[bytes, bytes]]) -> None:
    crossed = request_headers(pairs)
    rest = iter(pairs)
    assert all(pair in rest for pair in crossed if pair[0] != b"accept-encoding"), "a subsequence of what came"


@given(PAIRS)
def test_no_hop_by_hop_header_crosses_either_way(pairs: list[tuple[bytes, bytes]]) -> None:
    for crossed in (
        [n for n, _ in request_headers(pairs)],
        [n for n, _ in reply_headers(pairs, bodiless=False)],
    ):
        assert not HOP_BY_HOP.intersection(crossed)


def test_headers_named_by_connection_stay_behind() -> None:
    pairs = [(b"Connection", b"close, X-Secret-Hop"), (b"X-Secret-Hop", b"1"), (b"X-End", b"2")]
    assert request_headers(pairs) == [(b"X-End", b"2")]
    assert reply_headers(pairs, bodiless=False) == [(b"X-End", b"2")]


def test_our_own_headers_and_those_the_sender_computes_stay_behind() -> None:
    pairs = [(b"X-Shadowbert-Mode", b"llm"), (b"host", b"h"), (b"content-length", b"3"), (b"expect", b"100-continue")]
    assert request_headers(pairs) == []


def test_a_header_sent_twice_arrives_twice() -> None:
    twice = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    assert reply_headers(twice, bodiless=False) == twice


def test_a_reply_without_a_body_loses_its_length_and_others_keep_it() -> None:
    pairs = [(b"Content-Length", b"12"), (b"etag", b"x")]
    assert reply_headers(pairs, bodiless=True) == [(b"etag", b"x")]
    assert reply_headers(pairs, bodiless=False) == pairs


def test_encodings_that_we_cannot_decode_are_not_asked_for() -> None:
    assert narrow_encodings(b"gzip, deflate, br, zstd") == b"gzip, deflate"
    assert narrow_encodings(b"identity") == b"identity"
    assert narrow_encodings(b"br;q=1.0, *;q=0.5") == b"identity"


def test_no_accept_encoding_is_added_where_the_client_sent_none() -> None:
    assert request_headers([(b"accept", b"*/*")]) == [(b"accept", b"*/*")]


@pytest.mark.parametrize("pair", [(b"x", b"a\x00b"), (b"x", b"a\nb"), (b"x y", b"1"), (b"", b"1")])
def test_a_reply_header_that_no_server_may_send_is_upstreams_fault(pair: tuple[bytes, bytes]) -> None:
    with pytest.raises(UpstreamError):
        reply_headers([pair], bodiless=False)
