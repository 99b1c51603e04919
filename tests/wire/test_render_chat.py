import re
from dataclasses import replace

import orjson
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from shadowbert.wire.local_answer import LocalAnswer, token_logprobs
from shadowbert.wire.render_chat import chat_body, chat_frames
from shadowbert.wire.request import Request
from shadowbert.wire.sse import DONE, data_of
from tests.wire.asks import ANSWER, CHAT, LOGPROBS, TEXT

ASKS = pytest.mark.parametrize("ask", CHAT.values(), ids=CHAT)
TOOLS = [CHAT["named"], CHAT["required"], CHAT["auto"]]
FUNCTIONS = [CHAT["function"], CHAT["free-function"]]
FINISHES = {
    "content": "stop",
    "named": "stop",
    "required": "tool_calls",
    "auto": "tool_calls",
    "function": "stop",
    "free-function": "function_call",
}
SURE = replace(ANSWER, logprobs=LOGPROBS)


def choice(ask: Request, answer: LocalAnswer = ANSWER) -> dict:
    (only,) = orjson.loads(chat_body(ask, answer))["choices"]
    return only


def chunks(ask: Request, answer: LocalAnswer = ANSWER, *, usage: bool = False) -> list[dict]:
    frames = chat_frames(replace(ask, stream=True, include_usage=usage), answer)
    assert frames.pop() == DONE
    return [orjson.loads(data) for data in data_of(b"".join(frames))]


def deltas(ask: Request) -> list[dict]:
    return [chunk["choices"][0]["delta"] for chunk in chunks(ask)]


@ASKS
def test_the_sdk_takes_the_reply(ask: Request) -> None:
    completion = ChatCompletion.model_validate_json(chat_body(ask, SURE), strict=True)
    assert completion.model_extra == {}
    assert completion.choices[0].message.model_extra == {}
    assert completion.usage is not None
    assert completion.usage.total_tokens == 15
    assert (completion.model, completion.created, completion.service_tier) == (ANSWER.model, ANSWER.created, "default")
    assert completion.system_fingerprint == "fp_shadowbert_1"
    assert re.fullmatch("chatcmpl-[0-9A-Za-z]{29}", completion.id)


def test_content_carries_the_text_and_no_calls() -> None:
    message = choice(CHAT["content"])["message"]
    assert message == {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []}
    assert deltas(CHAT["content"]) == [{"role": "assistant", "content": "", "refusal": None}, {"content": TEXT}, {}]


@pytest.mark.parametrize("ask", TOOLS)
def test_a_tool_call_carries_the_text_and_no_content(ask: Request) -> None:
    message = choice(ask)["message"]
    (call,) = message.pop("tool_calls")
    assert message == {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    assert re.fullmatch("call_[0-9A-Za-z]{24}", call["id"])
    assert call == {"id": call["id"], "type": "function", "function": {"name": "classify", "arguments": TEXT}}
    opening = {"index": 0, **call, "function": {"name": "classify", "arguments": ""}}
    assert deltas(ask) == [
        {"role": "assistant", "content": None, "tool_calls": [opening], "refusal": None},
        {"tool_calls": [{"index": 0, "function": {"arguments": TEXT}}]},
        {},
    ]


@pytest.mark.parametrize("ask", FUNCTIONS)
def test_a_legacy_function_call_carries_the_text_and_no_content(ask: Request) -> None:
    message = choice(ask)["message"]
    assert message.pop("function_call") == {"name": "classify", "arguments": TEXT}
    assert message == {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    opening = {"name": "classify", "arguments": ""}
    assert deltas(ask) == [
        {"role": "assistant", "content": None, "function_call": opening, "refusal": None},
        {"function_call": {"arguments": TEXT}},
        {},
    ]


@pytest.mark.parametrize("name", CHAT)
def test_the_finish_reason_follows_the_transport_unless_the_teachers_is_known(name: str) -> None:
    known = replace(ANSWER, finish_reason="tool_calls")
    for answer, finish in ((ANSWER, FINISHES[name]), (known, "tool_calls")):
        assert choice(CHAT[name], answer)["finish_reason"] == finish
        finishes = [chunk["choices"][0]["finish_reason"] for chunk in chunks(CHAT[name], answer)]
        assert finishes == [None, None, finish]


@ASKS
def test_the_sdk_takes_every_chunk(ask: Request) -> None:
    said = chunks(ask, SURE, usage=True)
    read = [ChatCompletionChunk.model_validate_json(orjson.dumps(chunk), strict=True) for chunk in said]
    assert {(chunk.id, chunk.created, chunk.model, chunk.system_fingerprint) for chunk in read} == {
        (orjson.loads(chat_body(ask, ANSWER))["id"], ANSWER.created, ANSWER.model, ANSWER.fingerprint)
    }
    assert [chunk.usage for chunk in read[:-1]] == [None] * 3
    assert said[-1]["choices"] == []
    assert said[-1]["usage"] == orjson.loads(chat_body(ask, ANSWER))["usage"]


@ASKS
def test_usage_is_sent_only_when_asked(ask: Request) -> None:
    assert all("usage" not in chunk and chunk["choices"] for chunk in chunks(ask))


def test_log_probabilities_come_with_the_content_they_are_of() -> None:
    written = {"content": token_logprobs(LOGPROBS), "refusal": None}
    assert choice(CHAT["content"], SURE)["logprobs"] == written
    assert [chunk["choices"][0]["logprobs"] for chunk in chunks(CHAT["content"], SURE)] == [None, written, None]


@pytest.mark.parametrize("ask", [*TOOLS, *FUNCTIONS])
def test_a_call_has_no_log_probabilities(ask: Request) -> None:
    for answer in (ANSWER, SURE):
        assert choice(ask, answer)["logprobs"] is None
        assert [chunk["choices"][0]["logprobs"] for chunk in chunks(ask, answer)] == [None] * 3
