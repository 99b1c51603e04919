from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.recognition.contract import read_contract
from shadowbert.recognition.schema import MAX_WORK
from shadowbert.recognition.wording import wording_of
from tests.recognition.spelling import Tree, trees
from tests.wire.requests import SCHEMA, json_values

TOPIC = {"title": "Topic", "description": "What it is about.", "enum": ["card", "loan"]}
TONE = {"description": "How it sounds.", "examples": ["calm"], "enum": ["calm", "angry"]}


def ticket(**properties: object) -> dict[str, object]:
    given = {"topic": TOPIC, "tone": TONE} | properties
    return {"type": "object", "properties": given, "required": sorted(given)}


def union(*parts: object) -> dict[str, object]:
    return ticket(topic={"oneOf": list(parts)})


def noted(schema: dict[str, object], path: list[str], **notes: object) -> dict[str, Any]:
    """The schema with these annotations on the property at this path."""
    if not path:
        return schema | notes
    properties: Any = schema["properties"]
    return schema | {"properties": properties | {path[0]: noted(properties[path[0]], path[1:], **notes)}}


def spelled(tree: Tree) -> dict[str, object]:
    nodes = {name: spelled(node) if isinstance(node, dict) else {"enum": node} for name, node in tree.items()}
    return {"type": "object", "properties": nodes, "required": list(nodes)}


def paths(tree: Tree) -> list[list[str]]:
    nested = [[name, *path] for name, node in tree.items() if isinstance(node, dict) for path in paths(node)]
    return [[], *([name] for name in tree if [name] not in nested), *nested]


def test_a_schema_without_notes_says_nothing() -> None:
    bare = [SCHEMA, {}, ticket(topic={"enum": ["card"]}, tone={"description": "", "examples": [], "enum": ["calm"]})]
    assert [wording_of(schema, "") for schema in bare] == ["", "", ""]


def test_a_property_named_description_is_no_note() -> None:
    schema = {"properties": {"description": {"enum": ["long", "short"]}, "examples": {"type": "boolean"}}}
    assert wording_of(schema, "") == ""


def test_every_note_counts_and_so_does_its_place() -> None:
    worded = [
        wording_of(ticket(), ""),
        wording_of(ticket(), "Sort the mail."),
        wording_of(ticket(topic=TOPIC | {"description": "what it is about."}), ""),
        wording_of(ticket(topic=TOPIC | {"examples": ["card"]}), ""),
        wording_of(ticket(topic=TOPIC | {"example": "card"}), ""),
        wording_of(ticket(tone=TONE | {"examples": ["angry"]}), ""),
        wording_of(ticket(topic=TONE, tone=TOPIC), ""),
        wording_of(ticket() | {"description": "A ticket."}, ""),
        wording_of(ticket() | {"description": "A ticket."}, "Sort the mail."),
    ]
    assert len(set(worded)) == len(worded)
    assert all(text.startswith("w1:") and len(text) == 35 for text in worded)


def test_spelling_makes_no_difference() -> None:
    referred = {
        "$defs": {"A/b": TOPIC | {"title": "Other"}, "Unused": {"description": "nobody refers to it"}},
        "title": "Ticket",
        "required": ["tone", "topic"],
        "properties": {"tone": TONE, "topic": {"allOf": [{"$ref": "#/$defs/A~1b"}]}},
    }
    assert wording_of(referred, "") == wording_of(ticket(), "")


def test_a_tools_description_and_the_same_at_the_root_are_one() -> None:
    """Clients copy a class's docstring into either, or both."""
    root = ticket() | {"description": "A ticket."}
    assert wording_of(root, "A ticket.") == wording_of(root, "") == wording_of(ticket(), "A ticket.")


def test_the_parts_of_a_union_are_known_by_what_they_allow() -> None:
    card, loan = {"const": "card", "description": "Plastic."}, {"const": "loan", "description": "Money."}
    swapped = [card | {"description": "Money."}, loan | {"description": "Plastic."}]
    assert wording_of(union(card, loan), "") == wording_of(union(loan, card), "") != wording_of(union(*swapped), "")
    wrapped = [{"allOf": [{"const": part["const"]}], "description": part["description"]} for part in swapped]
    straight = [{"allOf": [{"const": part["const"]}], "description": part["description"]} for part in (card, loan)]
    assert wording_of(union(*wrapped), "") != wording_of(union(*straight), "")


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]},
        {"properties": {"a": {"$ref": "#/nowhere", "description": "x"}}},
        {"description": "\ud800"},
        {"description": 2**70},
        {"properties": {str(n): {"description": "x"} for n in range(MAX_WORK + 1)}},
    ],
    ids=["loop", "fork", "nowhere", "surrogate", "big", "large"],
)
def test_what_cannot_be_walked_is_named_by_its_exact_text(schema: dict[str, object]) -> None:
    first = wording_of(schema, "")
    assert first.startswith("w1:")
    assert first == wording_of(dict(schema), "") != wording_of(schema | {"description": "other"}, "")


@given(st.dictionaries(st.sampled_from(["properties", "anyOf", "$ref", "description"]), json_values()), st.text())
def test_it_never_raises(schema: dict[str, object], description: str) -> None:
    assert wording_of(schema, description) == wording_of(schema, description)


@given(trees(), st.data(), st.text(min_size=1))
def test_a_note_anywhere_changes_the_wording_and_not_the_contract(tree: Tree, data: st.DataObject, text: str) -> None:
    schema = spelled(tree)
    one, other = (noted(schema, data.draw(st.sampled_from(paths(tree)), label="path"), description=text) for _ in "ab")
    assert wording_of(schema, "") == ""
    assert wording_of(one, "") != ""
    assert (wording_of(one, "") == wording_of(other, "")) == (one == other)
    assert read_contract(one) == read_contract(schema)


def test_what_stands_in_lists_and_variants_is_worded() -> None:
    cat = {"title": "Cat", "type": "object", "properties": {"kind": {"const": "cat"}, "tone": TONE}}
    dog = {"properties": {"kind": {"enum": ["dog"], "title": "Kind"}, "tone": TONE}, "required": ["kind"]}
    plain = {"properties": {"kind": {"const": "dog", "type": "string"}, "tone": TONE}, "additionalProperties": False}
    assert wording_of(union(cat, dog), "") == wording_of(union(plain, cat), "")
    assert wording_of(union(cat, dog), "") != wording_of(union(cat, dog | {"description": "Barks."}), "")
    assert wording_of(ticket(topic={"items": TONE}), "") != wording_of(ticket(topic={"items": {"enum": []}}), "")
    nullable = ticket(topic={"anyOf": [{"type": "null"}, cat]})
    assert wording_of(nullable, "") == wording_of(ticket(topic=cat | {"type": ["object", "null"]}), "")
