import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract
from shadowbert.recognition.answer import read_answer
from shadowbert.recognition.inferred import LEAST, infer
from shadowbert.recognition.schema import read_schema


def labels(contract: Contract) -> dict[str, tuple[object, ...]]:
    return {field.name: field.labels for field in contract.fields}


def test_one_word_answers_are_labels() -> None:
    found = infer([" spam\n", "ham"] * 10)
    assert found is not None
    assert labels(found.contract) == {"answer": ("ham", "spam")}
    assert found.schema is None
    assert found.contract.bare
    assert found.contract.inferred
    assert found.contract.hash.startswith("i1:")


def test_json_of_one_shape_is_a_schema_in_the_teachers_order() -> None:
    answers = [{"topic": ("bug", "ask")[n % 2], "meta": {"urgent": n % 3 == 0}, "lang": "en"} for n in range(24)]
    found = infer([json.dumps(answer) for answer in answers])
    assert found is not None
    assert found.schema is not None
    assert labels(found.contract) == {"lang": ("en",), "meta.urgent": (False, True), "topic": ("ask", "bug")}
    assert [name for name, _, _ in read_schema(found.schema).properties] == ["topic", "meta", "lang"]
    assert all(read_answer(found.schema or {}, found.contract, json.dumps(answer)) is not None for answer in answers)


def test_fences_make_no_difference() -> None:
    plain = infer(['{"a": 1}', '{"a": 2}'] * 10)
    fenced = infer(['```json\n{"a": 1}\n```', '```json\n{"a": 2}\n```'] * 10)
    assert plain is not None
    assert plain == fenced


def test_what_was_said_once_is_something_else() -> None:
    found = infer(["spam", "ham"] * 20 + ["eggs"])
    assert found is not None
    assert labels(found.contract) == {"answer": ("ham", "spam")}
    assert read_answer({}, found.contract, "eggs") == (2,)


@pytest.mark.parametrize(
    "texts",
    [
        ["spam", "ham"] * (LEAST // 2 - 1),  # too few
        ["spam"] * 40,  # nothing to choose
        [f"prose number {n}" for n in range(40)],
        ["spam", "ham"] * 10 + [f"prose {n}" for n in range(5)],  # a fifth of it is something else
        [f"label {n}" for n in range(30)] * 2,  # as many labels as halves of the answers
        ["x" * 100, "y" * 100] * 10,
        [json.dumps({"score": n / 7}) for n in range(40)],
        [json.dumps({"tags": ["a"]})] * 40,
        [json.dumps({"a": "x", f"key {n}": "y"}) for n in range(40)],
        [json.dumps({"a": "x", "why": f"because {n}"}) for n in range(40)],
        ["{}"] * 40,
        ["[1]", "[2]"] * 5 + ["null"] * 5,
    ],
)
def test_what_is_no_closed_set_is_not_inferred(texts: list[str]) -> None:
    assert infer(texts) is None


@given(st.lists(st.text(max_size=12) | st.sampled_from(["a", "b", '{"a": true}', '{"a": {"b": null}}']), max_size=60))
def test_whatever_is_said_nothing_raises_and_every_label_was_said_twice(texts: list[str]) -> None:
    found = infer(texts)
    if found is not None and found.contract.bare:
        said = [text.strip() for text in texts]
        assert all(said.count(str(label)) > 1 for label in found.contract.fields[0].labels)
