import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.recognition.validate import valid
from tests.wire.requests import SCHEMA, json_values


def test_the_requests_own_schema_decides() -> None:
    assert valid(SCHEMA, '{"label":"spam"}')
    for text in ('{"label":"other"}', '{"label":"spam","more":1}', "{}", '{"label":', "", '"spam"'):
        assert not valid(SCHEMA, text)


@pytest.mark.parametrize(
    "schema",
    [{"type": 1}, {"$ref": "https://example.com/never.json"}, {"$ref": "#/$defs/no"}, {"enum": "x"}, {"pattern": "("}],
)
def test_a_schema_that_cannot_be_used_validates_nothing(schema: dict[str, object]) -> None:
    assert not valid(schema, '{"label":"spam"}')


@given(st.dictionaries(st.sampled_from(["type", "enum", "$ref", "properties", "items"]), json_values()), st.text())
def test_nothing_raises(schema: dict[str, object], text: str) -> None:
    assert valid(schema, text) in (True, False)
