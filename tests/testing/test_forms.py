"""Each kind of request gets an answer of its own shape, whole and streamed, that OpenAI's own client takes for real."""

from collections.abc import Iterator, Mapping
from typing import Any

import openai
import pytest

from shadowbert.testing.factories import SCHEMA
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation

ANSWER = '{"label":"card"}'
SAID: Any = [{"role": "user", "content": "Where is it?"}]
FORMAT: Any = {"type": "json_schema", "name": "bank", "schema": SCHEMA, "strict": True}
FUNCTION: Any = {"name": "bank", "parameters": SCHEMA}
OTHER: Any = {"name": "shop", "parameters": SCHEMA}


def oracle(_: str, schema: Mapping[str, object]) -> Mapping[str, object]:
    return {"label": "card"} if schema in (SCHEMA, {}) else {}


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    upstream = SimulatedUpstream(oracle, Simulation(median_ms=0.1), speaker=lambda text: f"{len(text)} letters")
    with (
        serving_upstream(upstream.app()) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0, _strict_response_validation=True) as opened,
    ):
        yield opened


def tools(*functions: Any) -> Any:
    return [{"type": "function", "function": function} for function in functions]


@pytest.mark.parametrize(
    ("asked", "finish"),
    [
        ({"tools": tools(FUNCTION), "tool_choice": {"type": "function", "function": {"name": "bank"}}}, "stop"),
        ({"tools": tools(OTHER, FUNCTION), "tool_choice": {"type": "function", "function": {"name": "bank"}}}, "stop"),
        ({"tools": tools(FUNCTION), "tool_choice": "required"}, "tool_calls"),
        ({"tools": tools(FUNCTION)}, "tool_calls"),
    ],
)
def test_tools_are_called(client: openai.OpenAI, asked: dict[str, Any], finish: str) -> None:
    (choice,) = client.chat.completions.create(model="m", messages=SAID, **asked).choices
    (call,) = choice.message.tool_calls or []
    assert call.type == "function"
    assert (call.function.name, call.function.arguments) == ("bank", ANSWER)
    assert (choice.finish_reason, choice.message.content) == (finish, None)


def test_several_tools_are_called_where_that_is_asked_for(client: openai.OpenAI) -> None:
    asked: Any = {"tools": tools(FUNCTION, OTHER), "tool_choice": "required", "parallel_tool_calls": True}
    with client.chat.completions.stream(model="m", messages=SAID, **asked) as stream:
        (choice,) = stream.get_final_completion().choices
    assert [call.function.name for call in choice.message.tool_calls or []] == ["bank", "shop"]


def test_a_tools_result_is_answered_in_words(client: openai.OpenAI) -> None:
    called: Any = [{"id": "c", "type": "function", "function": {"name": "bank", "arguments": "{}"}}]
    turn: Any = [{"role": "assistant", "content": "", "tool_calls": called}]
    result: Any = [{"role": "tool", "tool_call_id": "c", "content": "ok"}]
    reply = client.chat.completions.create(model="m", messages=[*SAID, *turn, *result], tools=tools(FUNCTION))
    assert (reply.choices[0].message.content or "").endswith("letters")


@pytest.mark.parametrize(("choice", "finish"), [({"name": "bank"}, "stop"), ("auto", "function_call")])
@pytest.mark.parametrize("stream", [False, True])
def test_legacy_functions_are_called(client: openai.OpenAI, choice: Any, finish: str, stream: bool) -> None:
    asked: Any = {"functions": [FUNCTION], "function_call": choice}
    if not stream:
        (whole,) = client.chat.completions.create(model="m", messages=SAID, **asked).choices
        assert whole.message.function_call is not None
        assert (whole.message.function_call.arguments, whole.finish_reason) == (ANSWER, finish)
        return
    chunks = [c.choices[0] for c in client.chat.completions.create(model="m", messages=SAID, stream=True, **asked)]
    calls = [chunk.delta.function_call for chunk in chunks if chunk.delta.function_call]
    assert "".join(call.arguments or "" for call in calls) == ANSWER
    assert (calls[0].name, chunks[-1].finish_reason) == ("bank", finish)


def test_an_object_of_any_shape_and_plain_words(client: openai.OpenAI) -> None:
    (json,) = client.chat.completions.create(model="m", messages=SAID, response_format={"type": "json_object"}).choices
    (words,) = client.chat.completions.create(model="m", messages=SAID).choices
    assert (json.message.content, words.message.content) == (ANSWER, "12 letters")


@pytest.mark.parametrize("stream", [False, True])
def test_responses_answer_by_schema(client: openai.OpenAI, stream: bool) -> None:
    asked: Any = {"model": "m", "instructions": "Sort.", "input": SAID, "text": {"format": FORMAT}}
    if stream:
        with client.responses.stream(**asked) as events:
            reply: Any = events.get_final_response()
    else:
        reply = client.responses.create(**asked)
    assert reply.output_text == ANSWER
    assert (reply.status, reply.instructions, reply.text.format.name) == ("completed", "Sort.", "bank")
    assert reply.usage.total_tokens == reply.usage.input_tokens + reply.usage.output_tokens


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "bank"}])
@pytest.mark.parametrize("stream", [False, True])
def test_responses_call_tools(client: openai.OpenAI, choice: Any, stream: bool) -> None:
    tool: Any = {"type": "function", "strict": True, **FUNCTION}
    asked: Any = {"model": "m", "input": "Where?", "tools": [tool], "tool_choice": choice}
    if stream:
        with client.responses.stream(**asked) as events:
            reply: Any = events.get_final_response()
    else:
        reply = client.responses.create(**asked)
    (item,) = reply.output
    assert (item.type, item.name, item.arguments) == ("function_call", "bank", ANSWER)


@pytest.mark.parametrize("stream", [False, True])
def test_legacy_completions_answer_in_words(client: openai.OpenAI, stream: bool) -> None:
    if not stream:
        assert client.completions.create(model="m", prompt="abc").choices[0].text == "3 letters"
        return
    with openai.OpenAI(base_url=client.base_url, api_key="k") as lenient:  # the strict one refuses OpenAI's own nulls
        chunks = list(lenient.completions.create(model="m", prompt="abc", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == "3 letters"


def test_azures_paths_answer_too(client: openai.OpenAI) -> None:
    root = str(client.base_url).removesuffix("v1/")
    with openai.AzureOpenAI(azure_endpoint=root, api_key="k", api_version="2024-10-21", max_retries=0) as azure:
        chat = azure.chat.completions.create(model="m", messages=SAID)
        assert chat.choices[0].message.content == "12 letters"
        assert azure.responses.create(model="m", input="abc").output_text == "3 letters"


def test_what_is_no_request_is_refused(client: openai.OpenAI) -> None:
    for path in ("/chat/completions", "/responses", "/completions"):
        with pytest.raises(openai.BadRequestError):
            client.post(path, cast_to=object, body={"model": "m"})
