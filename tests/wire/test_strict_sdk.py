"""What we write, read over a real socket by the openai SDK with its strict validation on, through its own parsers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

import openai
import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import BaseModel

from shadowbert.testing.raw import replying, serving_raw
from shadowbert.wire.render import render
from shadowbert.wire.request import Request
from tests.wire.asks import ANSWER, CHAT, LOGPROBS, RESPONSES, TEXT

SAYS = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Win a prize"}]}
ASKS = {"model": "gpt-4o", "input": "Win a prize"}
TOOLS = [name for name, ask in CHAT.items() if name in ("named", "required", "auto")]
FUNCTIONS = [name for name in CHAT if "function" in name]


class Label(BaseModel):
    label: Literal["très bon", "bad"]


EXPECTED = Label(label="très bon")
TOOL = openai.pydantic_function_tool(Label, name="classify")


@contextmanager
def answering(ask: Request, *, stream: bool = False) -> Iterator[openai.OpenAI]:
    """A client of a server that answers every request with our answer to `ask`."""
    answer = replace(ANSWER, logprobs=LOGPROBS)
    content_type, chunks = render(replace(ask, stream=stream, include_usage=True), answer)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n" % (content_type, sum(map(len, chunks)))
    with (
        serving_raw(replying(head, *chunks)) as (_, url),
        openai.OpenAI(base_url=url, api_key="key", max_retries=0, _strict_response_validation=True) as client,
    ):
        yield client


def check_completion(completion: ChatCompletion) -> None:
    assert completion.model == ANSWER.model
    assert completion.usage is not None
    assert completion.usage.total_tokens == 15


def check_response(response: Response) -> None:
    assert (response.model, response.status) == (ANSWER.model, "completed")
    assert response.usage is not None
    assert response.usage.total_tokens == 15


def test_chat_content_is_parsed() -> None:
    with answering(CHAT["content"]) as client:
        completion = client.chat.completions.parse(**SAYS, response_format=Label)
    check_completion(completion)
    (choice,) = completion.choices
    assert (choice.message.parsed, choice.finish_reason) == (EXPECTED, "stop")
    assert choice.logprobs is not None
    assert choice.logprobs.content is not None
    assert "".join(token.token for token in choice.logprobs.content) == TEXT
    assert choice.logprobs.content[1].top_logprobs[1].logprob == -2


def test_streamed_chat_content_is_parsed() -> None:
    with (
        answering(CHAT["content"], stream=True) as client,
        client.chat.completions.stream(**SAYS, response_format=Label) as stream,
    ):
        kinds = [event.type for event in stream]
        completion = stream.get_final_completion()
    check_completion(completion)
    assert completion.choices[0].message.parsed == EXPECTED
    assert {"chunk", "content.delta", "content.done", "logprobs.content.delta"} <= set(kinds)


@pytest.mark.parametrize("name", TOOLS)
def test_a_chat_tool_call_is_parsed(name: str) -> None:
    with answering(CHAT[name]) as client:
        completion = client.chat.completions.parse(**SAYS, tools=[TOOL])
    check_completion(completion)
    (call,) = completion.choices[0].message.tool_calls or []
    assert (call.function.name, call.function.parsed_arguments) == ("classify", EXPECTED)


@pytest.mark.parametrize("name", TOOLS)
def test_a_streamed_chat_tool_call_is_parsed(name: str) -> None:
    with (
        answering(CHAT[name], stream=True) as client,
        client.chat.completions.stream(**SAYS, tools=[TOOL]) as stream,
    ):
        kinds = [event.type for event in stream]
        completion = stream.get_final_completion()
    check_completion(completion)
    (call,) = completion.choices[0].message.tool_calls or []
    assert (call.function.name, call.function.parsed_arguments) == ("classify", EXPECTED)
    assert "tool_calls.function.arguments.done" in kinds


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_legacy_function_call_is_read(name: str) -> None:
    function = {"name": "classify", "parameters": Label.model_json_schema()}
    with answering(CHAT[name]) as client:
        completion = client.chat.completions.create(**SAYS, functions=[function])
    check_completion(completion)
    called = completion.choices[0].message.function_call
    assert called is not None
    assert (called.name, called.arguments) == ("classify", TEXT)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_streamed_legacy_function_call_is_read(name: str) -> None:
    function = {"name": "classify", "parameters": Label.model_json_schema()}
    with answering(CHAT[name], stream=True) as client:
        chunks = list(client.chat.completions.create(**SAYS, functions=[function], stream=True))
    called = [c.choices[0].delta.function_call for c in chunks if c.choices and c.choices[0].delta.function_call]
    assert "".join(part.name or "" for part in called) == "classify"
    assert "".join(part.arguments or "" for part in called) == TEXT


def test_a_response_message_is_parsed() -> None:
    with answering(RESPONSES["message"]) as client:
        response = client.responses.parse(**ASKS, text_format=Label)
    check_response(response)
    assert (response.output_parsed, response.output_text) == (EXPECTED, TEXT)


def test_a_streamed_response_message_is_parsed() -> None:
    with (
        answering(RESPONSES["message"], stream=True) as client,
        client.responses.stream(**ASKS, text_format=Label) as stream,
    ):
        kinds = [event.type for event in stream]
        response = stream.get_final_response()
    check_response(response)
    assert (response.output_parsed, response.output_text) == (EXPECTED, TEXT)
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")


def test_a_response_call_is_parsed() -> None:
    with answering(RESPONSES["call"]) as client:
        response = client.responses.parse(**ASKS, tools=[TOOL])
    check_response(response)
    (call,) = response.output
    assert call.type == "function_call"
    assert (call.name, call.arguments, call.parsed_arguments) == ("classify", TEXT, EXPECTED)


def test_a_streamed_response_call_is_parsed() -> None:
    with (
        answering(RESPONSES["call"], stream=True) as client,
        client.responses.stream(**ASKS, tools=[TOOL]) as stream,
    ):
        kinds = [event.type for event in stream]
        response = stream.get_final_response()
    check_response(response)
    (call,) = response.output
    assert call.type == "function_call"
    assert (call.name, call.arguments, call.parsed_arguments) == ("classify", TEXT, EXPECTED)
    assert "response.function_call_arguments.done" in kinds


@pytest.mark.parametrize("name", RESPONSES)
def test_plain_response_events_are_taken(name: str) -> None:
    with answering(RESPONSES[name], stream=True) as client:
        events = list(client.responses.create(**ASKS, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_the_check_is_a_strict_one() -> None:
    with (
        serving_raw(
            replying(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
        ) as raw,
        openai.OpenAI(base_url=raw[1], api_key="key", max_retries=0, _strict_response_validation=True) as client,
        pytest.raises(openai.APIResponseValidationError),
    ):
        client.chat.completions.create(**SAYS)
