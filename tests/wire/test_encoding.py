import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.wire import encoding
from shadowbert.wire.encoding import decode


@given(st.binary())
def test_what_was_encoded_is_decoded(body: bytes) -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    assert decode(body, "") == decode(body, "identity") == body
    assert decode(gzip.compress(body), "GZIP") == decode(zlib.compress(body), "deflate") == body
    assert decode(raw.compress(body) + raw.flush(), "deflate") == body
    assert decode(gzip.compress(zlib.compress(body)), "deflate, gzip") == body


@given(st.binary(), st.text(max_size=20))
def test_nothing_raises(body: bytes, name: str) -> None:
    for known in (name, "gzip", "deflate", "gzip, deflate"):
        assert isinstance(decode(body, known), bytes | None)


def test_unknown_and_broken_encodings_are_none() -> None:
    assert decode(b"hello", "br") is None
    assert decode(b"hello", "gzip") is None


def test_a_body_cut_off_is_decoded_as_far_as_it_goes() -> None:
    plain = bytes(range(256)) * 50
    packed = gzip.compress(plain)
    decoded = decode(packed[: len(packed) // 2], "gzip")
    assert decoded
    assert plain.startswith(decoded)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "LIMIT", 1000)
    assert decode(gzip.compress(b"0" * 900), "gzip") == b"0" * 900
    assert decode(gzip.compress(b"0" * 1_000_000), "gzip") is None
