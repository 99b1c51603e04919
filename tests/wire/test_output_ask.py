import pytest

from shadowbert.wire.output_ask import Statement, schema_key, unstated


def test_the_schema_key_keeps_property_order_apart() -> None:
    one, two = {"type": "boolean"}, {"type": "null"}
    keys = {schema_key({"properties": {"a": one, "b": two}}), schema_key({"properties": {"b": two, "a": one}})}
    assert len(keys) == 2


def test_what_cannot_be_written_has_no_key() -> None:
    schema: dict[str, object] = {}
    for _ in range(300):
        schema = {"items": schema}
    with pytest.raises(TypeError):
        schema_key(schema)


def test_what_is_known_of_an_unstated_answer_names_it() -> None:
    asks = [
        unstated(Statement.TEXT, {}),
        unstated(Statement.JSON, {}),
        unstated(Statement.TEXT, {"1": 100}),
        unstated(Statement.TEXT, {"1": 100, "2": 100}),
    ]
    assert len({ask.schema_key for ask in asks}) == 4
    assert all(ask.schema == {} and len(ask.schema_key) == 16 for ask in asks)
    assert unstated(Statement.TEXT, {"2": 100, "1": 100}).schema_key == asks[-1].schema_key
