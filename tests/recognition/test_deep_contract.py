"""Lists of labels, objects that may not be there, variants, and what is no choice at all: as fields and as answers."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract, Fill
from shadowbert.domain.exchange import Endpoint
from shadowbert.recognition.answer import read_answer, text_of, write_answer
from shadowbert.recognition.contract import MAX_FIELDS, read_contract
from shadowbert.wire.endpoints import read_request
from tests.recognition.test_schema import KEYWORDS, YES, an_object, schemas
from tests.wire.captured import body
from tests.wire.requests import json_values

TAGS = {"type": "array", "items": {"enum": ["urgent", "legal", 3]}, "minItems": 1, "maxItems": 2}
EITHER = {
    "oneOf": [
        an_object(part={"enum": ["ui", "api"]}, kind={"const": "bug"}, seen=YES),
        an_object(kind={"enum": ["praise"]}, why={"type": "string"}),
    ]
}
LISTED = an_object(tags=TAGS)
UNION = an_object(result=EITHER)
NULLABLE = an_object(top=YES, detail={"anyOf": [an_object(deep=YES, fixed={"const": 1}), {"type": "null"}]})
OPTIONAL = {"properties": {"top": YES, "detail": an_object(deep=YES), "tags": TAGS}, "required": ["top"]}
FREE = {"properties": {"why": {"type": "string"}, "top": YES, "n": {"type": "number"}}, "required": ["why", "top"]}


def contract(schema: dict[str, object]) -> Contract:
    read = read_contract(schema)
    assert read is not None
    return read


def told(schema: dict[str, object], answer: object) -> dict[str, str] | None:
    """What a teacher's answer says, by field."""
    read = contract(schema)
    said = read_answer(schema, read, orjson.dumps(answer).decode())
    return None if said is None else read.describe(said)


def written(schema: dict[str, object], **said: str) -> str | None:
    """The answer in which these fields say that, and all others are left out."""
    read, fills = contract(schema), {"result[praise].why": Fill("kind"), "why": Fill("-"), "n": Fill(omitted=True)}
    answer = []
    for field in read.fields:
        labels = [field.label(index) for index in range(field.classes)]
        answer.append(labels.index(said.get(field.name, "(left out)")))
    pieces = write_answer(schema, read, tuple(answer), fills=fills)
    return None if pieces is None else text_of(pieces)


def test_each_label_of_a_list_is_a_field() -> None:
    read = contract(LISTED)
    assert [(f.name, f.labels, f.required, f.output) for f in read.fields] == [
        ("tags[3]", (False, True), True, ("tags",)),
        ("tags[legal]", (False, True), True, ("tags",)),
        ("tags[urgent]", (False, True), True, ("tags",)),
    ]
    assert not read.plain
    assert told(LISTED, {"tags": ["legal", "urgent"]}) == {
        "tags[3]": "false",
        "tags[legal]": "true",
        "tags[urgent]": "true",
    }


@pytest.mark.parametrize(
    ("tags", "bounds", "read"),
    [
        (["legal", "urgent"], {}, ["legal", "urgent"]),
        (["urgent", "legal"], {}, ["legal", "urgent"]),
        (["legal", "legal"], {}, ["legal"]),
        (["legal", "legal"], {"uniqueItems": True}, None),
        ([], {}, None),
        ([], {"minItems": 0}, []),
        (["legal", "urgent", 3], {}, None),
        (["legal", "urgent", 3, 3], {"maxItems": 4}, [3, "legal", "urgent"]),
        (["other"], {}, None),
        (["3"], {}, None),
        ([3.0], {}, None),
        (["legal", ["urgent"]], {}, None),
        ("legal", {}, None),
        ({"legal": 1}, {}, None),
        (None, {}, None),
    ],
)
def test_a_list_is_read_as_a_set(tags: object, bounds: dict[str, object], read: list[object] | None) -> None:
    said = told(an_object(tags=TAGS | bounds), {"tags": tags})
    found = None if said is None else [name for name, answer in said.items() if answer == "true"]
    assert found == (None if read is None else [f"tags[{label}]" for label in read])


@pytest.mark.parametrize(
    ("yes", "text"),
    [
        ("urgent 3", '{"tags":["urgent",3]}'),  # in the schema's order
        ("legal", '{"tags":["legal"]}'),
        ("", None),
        ("urgent legal 3", None),
    ],
)
def test_a_list_is_written_within_its_bounds(yes: str, text: str | None) -> None:
    said = {f"tags[{label}]": str(label in yes.split()).lower() for label in ("urgent", "legal", "3")}
    assert written(LISTED, **said) == text


def test_a_variant_is_a_field_and_its_own_fields_may_be_left_out() -> None:
    read = contract(UNION)
    assert [(f.name, f.labels, f.required) for f in read.fields] == [
        ("result[bug].part", ("api", "ui"), False),
        ("result[bug].seen", (False, True), False),
        ("result.kind", ("bug", "praise"), True),
    ]
    assert [(part.name, part.required, part.why) for part in read.unlearnable] == [("result[praise].why", True, "text")]
    assert told(UNION, {"result": {"kind": "bug", "part": "ui", "seen": True}}) == {
        "result[bug].part": "ui",
        "result[bug].seen": "true",
        "result.kind": "bug",
    }
    assert told(UNION, {"result": {"kind": "praise", "why": "so nice"}}) == {
        "result[bug].part": "(left out)",
        "result[bug].seen": "(left out)",
        "result.kind": "praise",
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "bug", "part": "ui"},
        {"kind": "bug", "part": "ui", "seen": True, "why": "x"},
        {"kind": "praise", "why": 1},
        {"kind": "praise"},
        {"kind": "praise", "why": "x", "part": "ui"},
        {"kind": "other", "why": "x"},
        {"part": "ui", "seen": True},
        ["bug"],
        None,
    ],
)
def test_an_answer_that_is_no_variant_is_refused(answer: object) -> None:
    assert told(UNION, {"result": answer}) is None


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (
            {"result.kind": "bug", "result[bug].part": "ui", "result[bug].seen": "false"},
            '{"result":{"part":"ui","kind":"bug","seen":false}}',
        ),
        ({"result.kind": "praise"}, '{"result":{"kind":"praise","why":"kind"}}'),
        ({"result.kind": "bug", "result[bug].part": "ui"}, None),
        ({"result.kind": "praise", "result[bug].seen": "true"}, None),
    ],
)
def test_only_the_chosen_variant_is_written(said: dict[str, str], text: str | None) -> None:
    assert written(UNION, **said) == text


def test_an_object_that_may_be_null() -> None:
    names = [(field.name, field.labels, field.required) for field in contract(NULLABLE).fields]
    assert names == [
        ("detail", ("{...}", None), True),
        ("detail.deep", (False, True), False),
        ("top", (False, True), True),
    ], "what cannot be otherwise is no field"
    assert told(NULLABLE, {"top": True, "detail": None}) == {
        "detail": "null",
        "detail.deep": "(left out)",
        "top": "true",
    }
    deep = {"top": "true", "detail": "{...}", "detail.deep": "true"}
    assert told(NULLABLE, {"top": True, "detail": {"deep": True, "fixed": 1}}) == deep
    assert told(NULLABLE, {"top": True, "detail": {"deep": True, "fixed": 2}}) is None
    assert told(NULLABLE, {"top": True, "detail": "{...}"}) is None
    assert written(NULLABLE, **deep) == '{"top":true,"detail":{"deep":true,"fixed":1}}'
    assert written(NULLABLE, **deep | {"detail": "null"}) is None
    assert written(NULLABLE, top="false", detail="null") == '{"top":false,"detail":null}'


def test_an_object_and_a_list_that_may_be_left_out() -> None:
    assert [(f.name, f.classes) for f in contract(OPTIONAL).fields] == [
        *(("detail", 2), ("detail.deep", 3), ("tags", 2)),
        *(("tags[3]", 3), ("tags[legal]", 3), ("tags[urgent]", 3)),
        ("top", 2),
    ]
    assert written(OPTIONAL, top="true") == '{"top":true}'
    assert written(OPTIONAL, top="true", detail="{...}") is None
    listed = {"tags": "[...]", "tags[3]": "false", "tags[legal]": "true", "tags[urgent]": "false"}
    assert written(OPTIONAL, top="true", **listed) == '{"top":true,"tags":["legal"]}'
    assert told(OPTIONAL, {"top": True, "tags": ["legal"]}) == {
        "detail": "(left out)",
        "detail.deep": "(left out)",
        "top": "true",
        **listed,
    }
    assert written(OPTIONAL, top="true", **listed | {"tags[3]": "(left out)"}) is None


def test_what_is_free_is_part_of_the_contract_and_no_field() -> None:
    read = contract(FREE)
    assert [field.name for field in read.fields] == ["top"]
    assert [(part.name, part.required, part.why) for part in read.unlearnable] == [
        ("n", False, "a number"),
        ("why", True, "text"),
    ]
    assert told(FREE, {"why": "anything", "top": True, "n": 0.5}) == {"top": "true"}
    assert told(FREE, {"why": 1, "top": True}) is None, "the whole must be valid"
    assert told(FREE, {"top": True}) is None
    assert told(FREE, {"why": "x", "top": True, "more": 1}) is None
    assert written(FREE, top="true") == '{"why":"-","top":true}'
    assert write_answer(FREE, read, (1,)) is None, "nobody has filled it in"


def test_each_of_these_is_another_contract() -> None:
    changed = [
        LISTED,
        an_object(tags=TAGS | {"uniqueItems": True}),
        an_object(tags=TAGS | {"minItems": 0}),
        an_object(tags={"anyOf": [TAGS, {"type": "null"}]}),
        {"properties": {"tags": TAGS}},
        UNION,
        an_object(result={"anyOf": [EITHER, {"type": "null"}]}),
        NULLABLE,
        an_object(top=YES, detail=an_object(deep=YES, fixed={"const": 1})),
        FREE,
        {**FREE, "required": ["top"]},
        an_object(top=YES),
        an_object(top=YES, tags=an_object(**{"[a]": YES})),
        an_object(top=YES, tags={"type": "array", "items": {"const": "a"}}),
    ]
    assert len({contract(schema).hash for schema in changed}) == len(changed)


def test_every_label_of_a_list_counts_as_a_field() -> None:
    def listed(n: int) -> dict[str, object]:
        return an_object(tags={"type": "array", "items": {"enum": list(range(n))}})

    assert len(contract(listed(MAX_FIELDS)).fields) == MAX_FIELDS
    assert read_contract(listed(MAX_FIELDS + 1)) is None


def test_labels_that_read_alike_or_like_a_marker_are_no_contract() -> None:
    assert read_contract(an_object(tags={"type": "array", "items": {"enum": [1, "1"]}})) is None
    assert read_contract(an_object(a={"anyOf": [an_object(b=YES), {"const": "{...}"}]})) is None


def captured(case: str) -> Contract:
    request = read_request(Endpoint.CHAT, body(f"oai3-chat-parse-{case}.json"))
    assert request is not None
    assert request.output is not None
    return contract(dict(request.output.schema))


def test_what_clients_really_send() -> None:
    told_apart, hidden = captured("MDisc"), captured("MUnion")
    assert told_apart == hidden, "a discriminator that is named and one that is not"
    assert [field.name for field in hidden.fields] == ["result[billing].sub", "result[tech].sub", "result.kind"]
    assert [field.name for field in captured("MListLit").fields] == ["tags[a]", "tags[b]", "tags[c]"]
    assert captured("MMixedUnion").plain
    mixed = captured("MReason")
    assert [field.name for field in mixed.fields] == ["label"]
    assert [(part.name, part.why) for part in mixed.unlearnable] == [("confidence", "a number"), ("reasoning", "text")]


@given(st.dictionaries(st.sampled_from(KEYWORDS), schemas()), json_values())
def test_no_schema_and_no_answer_raises(schema: dict[str, object], value: object) -> None:
    read = read_contract(schema)
    if read is not None:
        read_answer(schema, read, orjson.dumps(value).decode())
        write_answer(schema, read, tuple(0 for _ in read.fields))


@given(json_values())
def test_no_answer_to_a_deep_schema_raises(value: object) -> None:
    for schema in (LISTED, UNION, NULLABLE, OPTIONAL, FREE):
        assert told(schema, value) is None
        assert told(schema, {"result": value, "tags": value, "detail": value, "why": value}) is None
