import pytest
from hypothesis import given

from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message
from shadowbert.wire.input_items import read_input
from tests.wire.requests import json_values

USER = Message("user", "Win a prize")


@pytest.mark.parametrize(
    "given",
    [
        "Win a prize",
        [{"role": "user", "content": "Win a prize"}],
        [{"type": "message", "role": "user", "content": "Win a prize"}],
        [{"role": "user", "content": [{"type": "input_text", "text": "Win a prize"}], "phase": None}],
    ],
)
def test_every_spelling_of_one_input_reads_the_same(given: object) -> None:
    assert read_input(None, given) == ((USER,), None)
    assert read_input("Is it spam?", given) == ((Message("instructions", "Is it spam?"), USER), None)


def test_an_answer_handed_back_is_an_assistants_message() -> None:
    part = {"type": "output_text", "text": "ham", "annotations": [], "logprobs": []}
    item = {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [part]}
    said = (Message("assistant", "ham"), Message("developer", "Again."))
    assert read_input(None, [item, {"role": "developer", "content": "Again."}]) == (said, None)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"type": "function_call", "name": "f", "arguments": "{}", "call_id": "c"}, Reason.HISTORY),
        ({"type": "function_call_output", "call_id": "c", "output": "1"}, Reason.HISTORY),
        ({"type": "reasoning", "id": "rs_1", "summary": []}, Reason.HISTORY),
        ({"type": "item_reference", "id": "msg_1"}, Reason.HISTORY),
        ({"type": None, "id": "msg_1"}, Reason.HISTORY),
        ({"id": "msg_1"}, Reason.HISTORY),
        ({"type": "compaction_of_tomorrow"}, Reason.HISTORY),
        ({"role": "user", "content": [{"type": "input_image", "image_url": "x"}]}, Reason.IMAGE),
        ({"role": "user", "content": [{"type": "input_audio", "data": ""}]}, Reason.AUDIO),
        ({"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}, Reason.NOT_TEXT),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, Reason.HISTORY),
        ({"role": "assistant", "content": "x", "phase": "commentary"}, Reason.PARAMETER),
        ({"role": "tool", "content": "x"}, Reason.PARAMETER),
        ({"role": ["user"], "content": "x"}, Reason.PARAMETER),
        ({"content": "x"}, Reason.PARAMETER),
        ({}, Reason.PARAMETER),
        ("hi", Reason.PARAMETER),
    ],
)
def test_what_is_more_than_text_by_role_has_its_reason(item: object, reason: Reason) -> None:
    assert read_input("x", [{"role": "user", "content": "hi"}, item, item]) == (
        (Message("instructions", "x"), Message("user", "hi")),
        reason,
    )


def test_instructions_that_are_no_text_cannot_be_read() -> None:
    assert read_input([{"role": "system", "content": "x"}], "hi") == ((), Reason.PARAMETER)


@given(json_values(), json_values(), json_values())
def test_no_input_raises(instructions: object, item: object, given: object) -> None:
    for read in (read_input(instructions, given), read_input("x", [item, {"role": item, "content": given}])):
        assert isinstance(read[0], tuple)
        assert isinstance(read[1], Reason | None)
