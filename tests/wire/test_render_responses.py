import re
from dataclasses import replace

import orjson
import pytest
from openai.types.responses import Response

from shadowbert.domain.exchange import Endpoint
from shadowbert.wire.local_answer import OUR_RESPONSES, LocalAnswer, token_logprobs
from shadowbert.wire.render_responses import responses_body, responses_frames
from shadowbert.wire.request import Request
from shadowbert.wire.sse import data_of
from tests.wire.asks import ANSWER, LOGPROBS, RESPONSES, TEXT, ask

ASKS = pytest.mark.parametrize("asked", RESPONSES.values(), ids=RESPONSES)
MESSAGE, CALL = RESPONSES["message"], RESPONSES["call"]
SURE = replace(ANSWER, logprobs=LOGPROBS)
ORDER = ["response.created", "response.in_progress", "response.output_item.added"]
ENDED = ["response.output_item.done", "response.completed"]


def body(asked: Request, answer: LocalAnswer = ANSWER) -> dict:
    return orjson.loads(responses_body(asked, answer))


def events(asked: Request, answer: LocalAnswer = ANSWER) -> list[dict]:
    return [orjson.loads(data) for data in data_of(b"".join(responses_frames(asked, answer)))]


@ASKS
def test_the_sdk_takes_the_object(asked: Request) -> None:
    response = Response.model_validate_json(responses_body(asked, SURE), strict=True)
    assert response.model_extra == {}
    assert (response.status, response.model, response.created_at) == ("completed", ANSWER.model, ANSWER.created)
    assert (response.error, response.incomplete_details, response.service_tier) == (None, None, "default")
    assert re.fullmatch(OUR_RESPONSES + "[0-9A-Za-z]{38}", response.id)


def test_a_message_carries_the_text() -> None:
    (item,) = body(MESSAGE)["output"]
    assert re.fullmatch("msg_[0-9A-Za-z]{48}", item["id"])
    part = {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}
    assert item == {
        "id": item["id"],
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [part],
    }


def test_a_function_call_carries_the_text() -> None:
    (item,) = body(CALL)["output"]
    assert re.fullmatch("fc_[0-9A-Za-z]{48}", item.pop("id"))
    assert re.fullmatch("call_[0-9A-Za-z]{24}", item.pop("call_id"))
    assert item == {"type": "function_call", "status": "completed", "name": "classify", "arguments": TEXT}


def test_usage_is_in_the_words_of_this_api() -> None:
    assert body(MESSAGE)["usage"] == {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 15,
    }


@ASKS
def test_what_the_request_said_is_repeated_and_the_rest_is_openais_default(asked: Request) -> None:
    begun = events(asked)[0]["response"]
    for response in (body(asked), begun):
        assert {key: response[key] for key in asked.echo} == asked.echo
        assert response.keys() >= {"instructions", "metadata", "parallel_tool_calls", "temperature", "top_p", "tools"}


def test_no_repeated_word_can_stand_for_one_of_ours() -> None:
    asked = ask(Endpoint.RESPONSES, echo={"id": "resp_x", "model": "gpt-4o", "output": ["x"], "status": "failed"})
    assert body(asked) == body(ask(Endpoint.RESPONSES))


@pytest.mark.parametrize(
    ("asked", "between"),
    [
        (
            MESSAGE,
            [
                "response.content_part.added",
                "response.output_text.delta",
                "response.output_text.done",
                "response.content_part.done",
            ],
        ),
        (CALL, ["response.function_call_arguments.delta", "response.function_call_arguments.done"]),
    ],
    ids=RESPONSES,
)
def test_events_come_in_order_and_numbered(asked: Request, between: list[str]) -> None:
    said = events(asked)
    assert [event["type"] for event in said] == [*ORDER, *between, *ENDED]
    assert [event["sequence_number"] for event in said] == list(range(len(said)))
    frames = responses_frames(asked, ANSWER)
    assert [frame.split(b"\n")[0].decode() for frame in frames] == [f"event: {event['type']}" for event in said]


@ASKS
def test_the_stream_begins_with_the_object_without_its_output_and_ends_with_all_of_it(asked: Request) -> None:
    first, second, *_, last = events(asked)
    whole = body(asked)
    assert last["response"] == whole
    assert first["response"] == second["response"]
    assert (first["response"]["status"], first["response"]["output"]) == ("in_progress", [])
    lacking = whole.keys() - first["response"].keys()
    assert lacking == {"usage", "completed_at"}


def test_a_message_grows_from_nothing_to_its_text() -> None:
    added, part, delta, done, part_done, item = events(MESSAGE, SURE)[2:-1]
    (whole,) = body(MESSAGE, SURE)["output"]
    assert added["item"] == {**whole, "status": "in_progress", "content": []}
    assert part["part"] == {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    assert (delta["delta"], done["text"]) == (TEXT, TEXT)
    assert delta["logprobs"] == done["logprobs"] == token_logprobs(LOGPROBS) == part_done["part"]["logprobs"]
    assert ([part_done["part"]], item["item"]) == (whole["content"], whole)
    for event in (part, delta, done, part_done):
        assert (event["item_id"], event["output_index"], event["content_index"]) == (whole["id"], 0, 0)


def test_a_call_grows_from_its_name_to_its_arguments() -> None:
    added, delta, done, item = events(CALL)[2:-1]
    (whole,) = body(CALL)["output"]
    assert added["item"] == {**whole, "status": "in_progress", "arguments": ""}
    assert (delta["delta"], done["arguments"], done["name"]) == (TEXT, TEXT, "classify")
    assert item["item"] == whole
    for event in (delta, done):
        assert (event["item_id"], event["output_index"]) == (whole["id"], 0)
