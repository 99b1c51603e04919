import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.recognition.labels import MAX_RANGE, NotClosed
from shadowbert.recognition.schema import read_schema
from shadowbert.recognition.tree import Branch, Either, Free, Leaf, Several, Tree, Variants
from tests.wire.requests import json_values

KEYWORDS = [
    *("type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "properties", "required", "minimum", "$defs"),
    *("items", "minItems", "maxItems", "uniqueItems"),
]
YES = {"type": "boolean"}


def read(node: object, **root: object) -> Tree:
    """What stands at a required property."""
    branch = read_schema({"properties": {"x": node}, "required": ["x"], **root})
    assert isinstance(branch, Branch)
    ((name, required, tree),) = branch.properties
    assert (name, required) == ("x", True)
    return tree


def labels(node: object, **root: object) -> list[object]:
    leaf = read(node, **root)
    assert isinstance(leaf, Leaf)
    return list(leaf.labels.values())


def an_object(**properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties, "required": list(properties)}


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
    ("node", "types"),
    [
        ({"type": "string"}, ("string",)),
        ({"type": ["string", "null"]}, ("null", "string")),
        ({"anyOf": [{"type": "null"}, {"allOf": [{"type": "string", "maxLength": 9}]}]}, ("null", "string")),
        ({"type": "number", "minimum": 0, "maximum": 1}, ("number",)),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, ("number",)),
        ({"type": "integer"}, ("integer",)),
        ({"type": "integer", "minimum": 1}, ("integer",)),
        ({"type": "integer", "minimum": 1, "maximum": MAX_RANGE + 1}, ("integer",)),
        ({"type": "integer", "minimum": 2, "maximum": 1}, ("integer",)),
        ({"type": "integer", "minimum": 0.5, "maximum": 3}, ("integer",)),
        ({"type": "integer", "minimum": True, "maximum": 3}, ("integer",)),
        ({"type": "object"}, ("object",)),
        ({"type": "object", "properties": {}}, ("object",)),
        ({"properties": {"a": YES}, "patternProperties": {}}, ("object",)),
        ({"enum": [0.5]}, ("number",)),
        ({"enum": [["a"]]}, ("array",)),
        ({"enum": ["a"], "type": "integer"}, ("integer",)),
        ({"enum": ["a", "b"], "pattern": "^a$"}, ("string",)),
        ({"const": "a", "pattern": "^a$"}, ("string",)),
        ({"enum": [1, 2, 3], "minimum": 2}, ("integer",)),
        ({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}, ("string",)),
        ({"oneOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, ("string",)),
        ({"allOf": [{"type": "string"}, {"maxLength": 9}]}, ()),
        ({"anyOf": [{"type": "string"}, {}]}, ()),
        ({"not": {"const": "a"}}, ()),
        ({}, ()),
        (True, ()),
        # lists that are rows of places, or of what is no label
        ({"type": "array"}, ("array",)),
        ({"items": {"type": "string"}}, ("array",)),
        ({"type": "array", "items": {"type": "string"}}, ("array",)),
        ({"type": "array", "items": an_object(a=YES)}, ("array",)),
        ({"type": "array", "items": [YES, YES]}, ("array",)),
        ({"type": "array", "items": YES, "prefixItems": [YES]}, ("array",)),
        ({"type": "array", "items": YES, "minItems": 2, "maxItems": 2}, ("array",)),
        ({"type": "array", "items": YES, "minItems": 3}, ("array",)),
        ({"type": "array", "items": YES, "minItems": 2, "maxItems": 1}, ("array",)),
        ({"type": "array", "items": YES, "maxItems": 0}, ("array",)),
        ({"type": "array", "items": YES, "minItems": -1}, ("array",)),
        ({"type": "array", "items": YES, "contains": True}, ("array",)),
        # unions that nothing tells apart
        ({"anyOf": [an_object(a=YES), an_object(b=YES)]}, ("object",)),
        ({"anyOf": [an_object(a=YES), {"type": "object", "properties": {"a": {"const": 1}}}]}, ("object",)),
        ({"anyOf": [an_object(k={"enum": ["a", "b"]}), an_object(k={"enum": ["b", "c"]})]}, ("object",)),
        ({"anyOf": [an_object(k={"const": "a"}), {"type": "array", "items": YES}]}, ("array", "object")),
        ({"anyOf": [{"type": "array", "items": YES}, {"type": "array", "items": {"enum": [1]}}]}, ("array",)),
        ({"oneOf": [an_object(a=YES), {"type": "null"}, {"enum": ["x", None]}]}, ("null", "object", "string")),
    ],
)
def test_what_is_no_choice_is_free(node: object, types: tuple[str, ...]) -> None:
    found = read(node)
    assert isinstance(found, Free)
    assert found.types == types


@pytest.mark.parametrize(
    "node",
    [
        {"type": {"a": 1}},
        {"enum": []},
        {"enum": "ab"},
        {"$ref": "#/$defs/missing"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": 1},
        {"$ref": "#"},
        None,
    ],
)
def test_what_is_no_schema_is_not_read(node: object) -> None:
    with pytest.raises(NotClosed):
        read(node)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({}, (0, None, True)),
        ({"minItems": 1, "maxItems": 3}, (1, 3, True)),
        ({"uniqueItems": True}, (0, None, False)),
        ({"minItems": 1, "maxItems": 2, "uniqueItems": True}, (1, 2, False)),
        ({"minItems": 2, "maxItems": 2, "uniqueItems": True}, (2, 2, False)),
        ({"maxItems": 3, "uniqueItems": True}, (0, None, False)),
        ({"maxItems": 1}, (0, 1, False)),
        ({"minItems": 1, "maxItems": 1}, (1, 1, False)),
        ({"uniqueItems": False}, (0, None, True)),
    ],
)
def test_lists_of_labels(bounds: dict[str, object], expected: tuple[int, int | None, bool]) -> None:
    found = read({"type": "array", "items": {"enum": ["a", "b", "c"]}, **bounds})
    assert isinstance(found, Several)
    assert list(found.labels.values()) == ["a", "b", "c"]
    assert (found.least, found.most, found.repeats) == expected


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_objects_told_apart_by_a_property(keyword: str) -> None:
    definitions = {
        "Cat": an_object(sub={"enum": ["refund", "invoice"]}, kind={"const": "billing"}),
        "Dog": an_object(sub={"enum": ["crash", "slow"]}, kind={"enum": ["tech"]}),
    }
    union = {keyword: [{"$ref": "#/$defs/Cat"}, {"allOf": [{"$ref": "#/$defs/Dog"}]}], "discriminator": {}}
    found = read(union, **{"$defs": definitions})
    assert isinstance(found, Variants)
    assert found.by == "kind"
    assert [list(labels.values()) for labels, _ in found.parts] == [["billing"], ["tech"]]
    nullable = read({"anyOf": [{"type": "null"}, union]}, **{"$defs": definitions})
    assert nullable == Either({"null": None}, found)


@pytest.mark.parametrize(
    "node",
    [
        {"anyOf": [an_object(a=YES), {"type": "null"}]},
        {"oneOf": [{"const": None}, {"anyOf": [an_object(a=YES)]}]},
        {**an_object(a=YES), "type": ["object", "null"]},
        {"anyOf": [{**an_object(a=YES), "type": ["object", "null"]}]},
    ],
)
def test_an_object_or_null_however_it_is_spelled(node: object) -> None:
    assert read(node) == Either({"null": None}, Branch((("a", True, Leaf({"true": True, "false": False})),)))


def test_a_list_or_a_word() -> None:
    found = read({"anyOf": [{"const": "none"}, {"type": ["array", "null"], "items": {"enum": ["a"]}}]})
    assert found == Either({'"none"': "none", "null": None}, Several({'"a"': "a"}, 0, None, repeats=True))


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
        assert isinstance(read_schema(schema), Branch | Variants)
    except NotClosed:
        return
