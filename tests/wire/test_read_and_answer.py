"""The whole wire at once: what the openai SDK asks is read, answered and taken back by its strict parsers."""

import socket
from collections.abc import Iterator
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel

from shadowbert.domain.exchange import Endpoint
from shadowbert.testing.raw import serving_raw
from shadowbert.wire.endpoints import read_request
from shadowbert.wire.render import render
from tests.wire.asks import ANSWER


class Label(BaseModel):
    """What it is."""

    label: Literal["très bon", "bad"]


EXPECTED = Label(label="très bon")
TOOL = openai.pydantic_function_tool(Label, name="classify")
CHAT = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Win a prize"}]}
RESPONSES = {"model": "gpt-4o", "input": "Win a prize", "instructions": "Is it good?", "temperature": 0}
CHAT_CHOICES = [{"type": "function", "function": {"name": "classify"}}, "required", "auto"]
RESPONSES_CHOICES = [{"type": "function", "name": "classify"}, "required", "auto"]


def answer(connection: socket.socket, request: bytes) -> None:
    head, _, body = request.partition(b"\r\n\r\n")
    endpoint = Endpoint.RESPONSES if b"/responses " in head.split(b"\r\n")[0] else Endpoint.CHAT
    asked = read_request(endpoint, body)
    assert asked is not None
    content_type, chunks = render(asked, ANSWER)
    lines = (b"HTTP/1.1 200 OK", b"content-type: " + content_type, b"content-length: %d" % sum(map(len, chunks)))
    connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + b"".join(chunks))


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    with (
        serving_raw(answer) as (_, url),
        openai.OpenAI(base_url=url, api_key="key", max_retries=0, _strict_response_validation=True) as client,
    ):
        yield client


def test_chat_content(client: openai.OpenAI) -> None:
    whole = client.chat.completions.parse(**CHAT, response_format=Label)
    with client.chat.completions.stream(**CHAT, response_format=Label) as stream:
        streamed = stream.get_final_completion()
    assert [each.choices[0].message.parsed for each in (whole, streamed)] == [EXPECTED, EXPECTED]


@pytest.mark.parametrize("choice", CHAT_CHOICES)
def test_chat_tool_calls(client: openai.OpenAI, choice: Any) -> None:
    whole = client.chat.completions.parse(**CHAT, tools=[TOOL], tool_choice=choice)
    with client.chat.completions.stream(**CHAT, tools=[TOOL], tool_choice=choice) as stream:
        streamed = stream.get_final_completion()
    for each in (whole, streamed):
        (call,) = each.choices[0].message.tool_calls or []
        assert call.function.parsed_arguments == EXPECTED
        assert each.choices[0].finish_reason == ("stop" if isinstance(choice, dict) else "tool_calls")


def test_response_messages(client: openai.OpenAI) -> None:
    whole = client.responses.parse(**RESPONSES, text_format=Label)
    with client.responses.stream(**RESPONSES, text_format=Label) as stream:
        streamed = stream.get_final_response()
    for each in (whole, streamed):
        assert each.output_parsed == EXPECTED
        assert (each.instructions, each.temperature) == ("Is it good?", 0)
        assert each.text is not None
        assert each.text.format is not None
        assert each.text.format.type == "json_schema"


@pytest.mark.parametrize("choice", RESPONSES_CHOICES)
def test_response_calls(client: openai.OpenAI, choice: Any) -> None:
    whole = client.responses.parse(**RESPONSES, tools=[TOOL], tool_choice=choice)
    with client.responses.stream(**RESPONSES, tools=[TOOL], tool_choice=choice) as stream:
        streamed = stream.get_final_response()
    for each in (whole, streamed):
        (call,) = each.output
        assert call.type == "function_call"
        assert call.parsed_arguments == EXPECTED
        assert [tool.type for tool in each.tools] == ["function"]
