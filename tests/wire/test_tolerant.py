from hypothesis import given
from hypothesis import strategies as st

from shadowbert.wire.tolerant import as_count, as_list, as_object, as_text, parse_object
from tests.wire.requests import json_values


@given(st.binary() | st.text())
def test_any_bytes_parse_to_an_object_or_none(data: bytes | str) -> None:
    parsed = parse_object(data)
    assert parsed is None or isinstance(parsed, dict)


def test_what_is_no_object_is_none() -> None:
    hopeless = [b"", b"[1]", b"null", b"{", b'{"a":NaN}', b'{"a":"\xff"}', b'{"a":' * 2000 + b"1" + b"}" * 2000]
    assert [parse_object(data) for data in hopeless] == [None] * len(hopeless)
    assert parse_object(b'{"a":1}') == {"a": 1}


@given(json_values())
def test_a_value_is_taken_as_it_is_or_not_at_all(value: object) -> None:
    assert as_object(value) in (value, {})
    assert as_list(value) in (value, [])
    assert as_text(value) in (value, None)
    assert as_count(value) in (value, None)


def test_true_is_no_count() -> None:
    assert as_count(True) is None
    assert as_count(1) == 1
