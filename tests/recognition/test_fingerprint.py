import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.recognition.fingerprint import canonical_json, input_hash, schema_key
from tests.wire.requests import json_values


@given(st.dictionaries(st.text(max_size=5), json_values(), min_size=2))
def test_canonical_json_forgets_the_order_of_keys(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical_json(turned) == canonical_json(value)


def test_what_json_cannot_say_raises() -> None:
    for value in (2**70, "\ud800", object()):
        with pytest.raises(TypeError):
            canonical_json(value)


@given(st.text(st.characters()))
def test_any_text_has_a_hash(text: str) -> None:
    assert re.fullmatch("i1:[0-9a-f]{32}", input_hash(text))
    assert input_hash(f" {text}\n") == input_hash(text)


def test_spellings_of_one_input_share_its_hash() -> None:
    spellings = ["Straße  OPEN", "strasse open\n", "STRASSE\u00a0open"]
    assert len(set(map(input_hash, spellings))) == 1
    assert input_hash("cafe\u0301") == input_hash("CAFÉ")
    assert input_hash("ﬁne") == input_hash("fine")
    assert input_hash("open") != input_hash("opens")


def test_equal_schemas_share_their_key() -> None:
    assert schema_key({"type": "null"}) == schema_key({"type": "null"}) != schema_key({"type": "boolean"})
