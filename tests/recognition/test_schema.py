import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.recognition.schema import MAX_RANGE, Leaf, NotClosed, read_schema
from tests.wire.requests import json_values

KEYWORDS = ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "properties", "required", "minimum", "$defs"]


def labels(node: object, **root: object) -> list[object]:
    branch = read_schema({"properties": {"x": node}, "required": ["x"], **root})
    ((name, required, leaf),) = branch.properties
    assert (name, required) == ("x", True)
    assert isinstance(leaf, Leaf)
    return list(leaf.labels.values())


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"enum": ["b", "a"]}, ["b", "a"]),
        ({"const": "only", "type": "string"}, ["only"]),
        ({"enum": ["a", "b", None], "title": "Label"}, ["a", "b", None]),
        ({"type": "boolean"}, [True, False]),
        ({"type": ["boolean", "null"]}, [True, False, None]),
        ({"enum": [1, 2, 3], "type": "integer"}, [1, 2, 3]),
        ({"enum": [1, True]}, [1, True]),
        ({"enum": ["a", "a"]}, ["a"]),
        ({"type": "integer", "minimum": 1, "maximum": 3}, [1, 2, 3]),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 3}, [1, 2]),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": 1, "maximum": 3}, [2, 3]),
        ({"anyOf": [{"type": "boolean"}, {"const": "unknown"}]}, [True, False, "unknown"]),
        ({"anyOf": [{"enum": ["a"]}, {"enum": ["a", "b"]}]}, ["a", "b"]),
        ({"oneOf": [{"const": "a"}, {"const": "b"}]}, ["a", "b"]),
        ({"anyOf": [{"type": "integer", "minimum": 1, "maximum": 2}, {"type": "null"}]}, [1, 2, None]),
        # what stands beside a set narrows it
        ({"enum": ["a", None, 1], "type": "string"}, ["a"]),
        ({"enum": [1, 2], "type": "number"}, [1, 2]),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, ["b"]),
        ({"enum": ["a", "b"], "anyOf": [{"const": "b"}, {"const": "c"}]}, ["b"]),
    ],
)
def test_closed_leaves(node: object, expected: list[object]) -> None:
    found = labels(node)
    assert sorted(map(repr, found)) == sorted(map(repr, expected))


def test_references_are_followed_inside_the_schema() -> None:
    definitions = {"a/b~c d": {"enum": ["x", "y"]}, "Twice": {"$ref": "#/$defs/a~1b~0c%20d"}}
    for reference in ("#/$defs/a~1b~0c%20d", "#/$defs/Twice"):
        assert labels({"$ref": reference, "description": "told apart"}, **{"$defs": definitions}) == ["x", "y"]
    assert labels({"$ref": "#/$defs/Twice", "enum": ["y", "z"]}, **{"$defs": definitions}) == ["y"]


@pytest.mark.parametrize(
    "node",
    [
        {"type": "string"},
        {"type": "number", "minimum": 0, "maximum": 1},
        {"type": "integer"},
        {"type": "integer", "minimum": 1},
        {"type": "integer", "minimum": 1, "maximum": MAX_RANGE + 1},
        {"type": "integer", "minimum": 2, "maximum": 1},
        {"type": "integer", "minimum": 0.5, "maximum": 3},
        {"type": "integer", "minimum": True, "maximum": 3},
        {"type": "array", "items": {"enum": ["a"]}},
        {"type": "object"},
        {"type": "object", "properties": {}},
        {"type": {"a": 1}},
        {"enum": []},
        {"enum": "ab"},
        {"enum": [0.5]},
        {"enum": [["a"]]},
        {"enum": ["a"], "type": "integer"},
        {"enum": ["a", "b"], "pattern": "^a$"},
        {"enum": [1, 2, 3], "minimum": 2},
        {"anyOf": [{"enum": ["a"]}, {"type": "string"}]},
        {"anyOf": [{"properties": {"a": {"type": "boolean"}}, "required": ["a"]}, {"type": "null"}]},
        {"oneOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]},
        {"not": {"const": "a"}},
        {"$ref": "#/$defs/missing"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": 1},
        {"$ref": "#"},
        {},
        True,
        None,
    ],
)
def test_open_leaves(node: object) -> None:
    with pytest.raises(NotClosed):
        labels(node)


@pytest.mark.parametrize(
    "change",
    [
        {"required": ["x", "free"]},
        {"required": "x"},
        {"additionalProperties": {"type": "string"}},
        {"patternProperties": {"^y": {}}},
        {"type": ["object", "null"]},
        {"type": "string"},
        {"if": {}},
    ],
)
def test_open_objects(change: dict[str, object]) -> None:
    with pytest.raises(NotClosed):
        labels({"type": "boolean"}, **change)


def test_a_nested_object_must_be_required() -> None:
    inner = {"properties": {"a": {"type": "boolean"}}, "required": ["a"]}
    assert [path for path, _, _ in read_schema({"properties": {"i": inner}, "required": ["i"]}).leaves()] == [
        ("i", "a")
    ]
    with pytest.raises(NotClosed):
        read_schema({"properties": {"i": inner, "b": {"type": "boolean"}}, "required": ["b"]})


@pytest.mark.parametrize(
    "definition",
    [
        {"$ref": "#/$defs/loop"},
        {"anyOf": [{"$ref": "#/$defs/loop"}]},
        {"anyOf": [{"$ref": "#/$defs/loop"}, {"type": "null"}]},
        {"properties": {"child": {"$ref": "#/$defs/loop"}}, "required": ["child"]},
        {"properties": {"child": {"$ref": "#"}}, "required": ["child"]},
    ],
)
def test_loops_end(definition: object) -> None:
    with pytest.raises(NotClosed):
        labels({"$ref": "#/$defs/loop"}, **{"$defs": {"loop": definition}})


def test_what_doubles_at_each_level_ends() -> None:
    def level(n: int) -> object:
        reference = {"$ref": f"#/$defs/{n + 1}"}
        return {"properties": {"a": reference, "b": reference}, "required": ["a", "b"]}

    definitions = {str(n): level(n) for n in range(15)} | {"15": {"type": "boolean"}}
    with pytest.raises(NotClosed):
        labels({"$ref": "#/$defs/0"}, **{"$defs": definitions})


def test_huge_sets_are_not_read() -> None:
    with pytest.raises(NotClosed):
        labels({"enum": list(range(100_000))})


def schemas() -> st.SearchStrategy[object]:
    values = json_values(leaves=4) | st.sampled_from(["string", "boolean", "object", "#/properties/x", "#"])
    return st.recursive(
        values,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*KEYWORDS, "x"]), inner, max_size=4)
        ),
        max_leaves=12,
    )


@given(st.dictionaries(st.sampled_from(KEYWORDS), schemas()))
def test_any_schema_is_read_or_not_closed(schema: dict[str, object]) -> None:
    try:
        leaves = list(read_schema(schema).leaves())
    except NotClosed:
        return
    assert all(leaf.labels for _, _, leaf in leaves)
