"""Every way in which openai-python asks for a closed set of answers; the same for its versions 1, 2 and 3."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import openai
from common import MODEL, SCHEMA, SYSTEM, TOPICS, Cell, Topic, prompt, run
from pydantic import BaseModel

STRICT: Any = {"type": "json_schema", "json_schema": {"name": "mail", "strict": True, "schema": SCHEMA}}
FORMAT: Any = {"format": {"type": "json_schema", "name": "mail", "strict": True, "schema": SCHEMA}}
FUNCTION: Any = {"name": "mail", "parameters": SCHEMA}
TOOL: Any = [{"type": "function", "function": {**FUNCTION, "strict": True}}]
FLAT: Any = [{"type": "function", "strict": True, **FUNCTION}]
NAMED: Any = {"type": "function", "function": {"name": "mail"}}
FIELDS = ("topic", "urgent")
JSON: Any = {"type": "json_object"}
AS_JSON = f"{SYSTEM} Answer with a JSON object that holds topic ({', '.join(TOPICS)}) and urgent."
WORD = f"What is the topic of this mail? Answer with one word: {', '.join(TOPICS)}."


class Mail(BaseModel):
    topic: Topic
    urgent: bool


def asking(system: str, text: str) -> Any:
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def content(reply: Any) -> Any:
    return json.loads(reply.choices[0].message.content)


def word(reply: Any) -> Any:
    return reply.choices[0].message.content


def called(reply: Any) -> Any:
    (call,) = reply.choices[0].message.tool_calls
    return json.loads(call.function.arguments)


def streamed(chunks: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def chat(client: Any) -> Mapping[str, Cell]:
    create, parse, stream = (getattr(client.chat.completions, name) for name in ("create", "parse", "stream"))

    def helper(text: str, **asked: Any) -> Any:
        with stream(model=MODEL, messages=prompt(text), **asked) as events:
            return events.get_final_completion()

    def pieces(text: str, **asked: Any) -> str:
        return streamed(create(model=MODEL, messages=prompt(text), stream=True, **asked))

    usage = {"include_usage": True}
    return {
        "chat.create": lambda text: content(create(model=MODEL, messages=prompt(text), response_format=STRICT)),
        "chat.create streamed": lambda text: json.loads(pieces(text, response_format=STRICT)),
        "chat.create streamed with usage": lambda text: json.loads(
            pieces(text, response_format=STRICT, stream_options=usage)
        ),
        "chat.create raw": lambda text: content(
            client.chat.completions.with_raw_response.create(
                model=MODEL, messages=prompt(text), response_format=STRICT
            ).parse()
        ),
        "chat.parse": lambda text: (
            parse(model=MODEL, messages=prompt(text), response_format=Mail).choices[0].message.parsed
        ),
        "chat.stream": lambda text: helper(text, response_format=Mail).choices[0].message.parsed,
    }


def tools(client: Any) -> Mapping[str, Cell]:
    create, stream = client.chat.completions.create, client.chat.completions.stream

    def call(text: str, **asked: Any) -> Any:
        return called(create(model=MODEL, messages=prompt(text), tools=TOOL, **asked))

    def helper(text: str, choice: Any) -> Any:
        tool = openai.pydantic_function_tool(Mail, name="mail")
        with stream(model=MODEL, messages=prompt(text), tools=[tool], tool_choice=choice) as events:
            (found,) = events.get_final_completion().choices[0].message.tool_calls
        return found.function.parsed_arguments

    def pieces(text: str, choice: Any) -> Any:
        chunks = create(model=MODEL, messages=prompt(text), tools=TOOL, tool_choice=choice, stream=True)
        deltas = [c.choices[0].delta.tool_calls[0] for c in chunks if c.choices and c.choices[0].delta.tool_calls]
        return json.loads("".join(delta.function.arguments or "" for delta in deltas))

    def parsed(text: str) -> Any:
        tool = openai.pydantic_function_tool(Mail, name="mail")
        reply = client.chat.completions.parse(model=MODEL, messages=prompt(text), tools=[tool], tool_choice="required")
        return reply.choices[0].message.tool_calls[0].function.parsed_arguments

    return {
        "chat.tool named": lambda text: call(text, tool_choice=NAMED),
        "chat.tool required": lambda text: call(text, tool_choice="required"),
        "chat.tool auto": call,
        "chat.tool named, streamed": lambda text: pieces(text, NAMED),
        "chat.tool required, streamed": lambda text: pieces(text, "required"),
        "chat.tool auto, streamed": lambda text: pieces(text, "auto"),
        "chat.parse tool": parsed,
        "chat.stream tool": lambda text: helper(text, NAMED),
    }


def legacy(client: Any) -> Mapping[str, Cell]:
    create = client.chat.completions.create

    def call(text: str, choice: Any) -> Any:
        asked = {"functions": [FUNCTION], "function_call": choice}
        return json.loads(
            create(model=MODEL, messages=prompt(text), **asked).choices[0].message.function_call.arguments
        )

    def pieces(text: str) -> Any:
        asked = {"functions": [FUNCTION], "function_call": {"name": "mail"}}
        chunks = create(model=MODEL, messages=prompt(text), stream=True, **asked)
        deltas = [c.choices[0].delta.function_call for c in chunks if c.choices and c.choices[0].delta.function_call]
        return json.loads("".join(delta.arguments or "" for delta in deltas))

    return {
        "chat.function named": lambda text: call(text, {"name": "mail"}),
        "chat.function auto": lambda text: call(text, "auto"),
        "chat.function named, streamed": pieces,
    }


def unstated(client: Any) -> Mapping[str, Cell]:
    """No schema anywhere: JSON of a shape that the prompt describes, and one word."""
    create = client.chat.completions.create

    def json_object(text: str, **asked: Any) -> Any:
        return create(model=MODEL, messages=asking(AS_JSON, text), response_format=JSON, **asked)

    def one_word(text: str, **asked: Any) -> Any:
        return create(model=MODEL, messages=asking(WORD, text), **asked)

    limits: Any = {"max_completion_tokens": 5, "temperature": 0}
    return {
        "chat.json_object": lambda text: content(json_object(text)),
        "chat.json_object streamed": lambda text: json.loads(streamed(json_object(text, stream=True))),
        "chat.one word": lambda text: word(one_word(text)),
        "chat.one word streamed": lambda text: streamed(one_word(text, stream=True)),
        "chat.one word, limited": lambda text: word(one_word(text, **limits)),
    }


def responses(client: Any) -> Mapping[str, Cell]:
    create, parse, stream = (getattr(client.responses, name) for name in ("create", "parse", "stream"))

    def helper(text: str, **asked: Any) -> Any:
        with stream(model=MODEL, input=prompt(text), **asked) as events:
            return events.get_final_response()

    def pieces(text: str) -> str:
        events = create(model=MODEL, input=prompt(text), text=FORMAT, stream=True)
        return "".join(event.delta for event in events if event.type == "response.output_text.delta")

    def call(text: str, **asked: Any) -> Any:
        (item,) = create(model=MODEL, input=prompt(text), tools=FLAT, **asked).output
        return json.loads(item.arguments)

    named = {"type": "function", "name": "mail"}
    as_json = {"format": {"type": "json_object"}}
    return {
        "responses.create": lambda text: json.loads(create(model=MODEL, input=prompt(text), text=FORMAT).output_text),
        "responses.create streamed": lambda text: json.loads(pieces(text)),
        "responses.parse": lambda text: parse(model=MODEL, input=prompt(text), text_format=Mail).output_parsed,
        "responses.parse instructions": lambda text: (
            parse(model=MODEL, instructions=SYSTEM, input=text, text_format=Mail).output_parsed
        ),
        "responses.stream": lambda text: helper(text, text_format=Mail).output_parsed,
        "responses.tool named": lambda text: call(text, tool_choice=named),
        "responses.tool required": lambda text: call(text, tool_choice="required"),
        "responses.tool auto": call,
        "responses.stream tool": lambda text: json.loads(
            helper(text, tools=FLAT, tool_choice="required").output[0].arguments
        ),
        "responses.json_object": lambda text: json.loads(
            create(model=MODEL, input=asking(AS_JSON, text), text=as_json).output_text
        ),
        "responses.one word": lambda text: create(model=MODEL, instructions=WORD, input=text).output_text,
    }


def asynchronous(client: Any) -> Mapping[str, Cell]:
    loop = asyncio.new_event_loop()

    async def parsed(text: str) -> Any:
        reply = await client.chat.completions.parse(model=MODEL, messages=prompt(text), response_format=Mail)
        return reply.choices[0].message.parsed

    async def pieces(text: str) -> Any:
        chunks = await client.chat.completions.create(
            model=MODEL, messages=prompt(text), response_format=STRICT, stream=True
        )
        return json.loads(streamed([chunk async for chunk in chunks]))

    async def response(text: str) -> Any:
        return (await client.responses.parse(model=MODEL, input=prompt(text), text_format=Mail)).output_parsed

    async def events(text: str) -> Any:
        async with client.responses.stream(model=MODEL, input=prompt(text), text_format=Mail) as stream:
            return (await stream.get_final_response()).output_parsed

    def cell(ask: Callable[[str], Awaitable[Any]]) -> Cell:
        return lambda text: loop.run_until_complete(ask(text))

    return {
        "async chat.parse": cell(parsed),
        "async chat.create streamed": cell(pieces),
        "async responses.parse": cell(response),
        "async responses.stream": cell(events),
    }


def azure(root: str, key: str) -> Mapping[str, Cell]:
    client: Any = openai.AzureOpenAI(azure_endpoint=root, api_key=key, api_version="2025-03-01-preview", max_retries=0)
    v1: Any = openai.OpenAI(base_url=f"{root}/openai/v1", api_key=key, max_retries=0)
    return {
        "azure chat.parse": chat(client)["chat.parse"],
        "azure chat.stream": chat(client)["chat.stream"],
        "azure chat.tool required": tools(client)["chat.tool required"],
        "azure responses.parse": responses(client)["responses.parse"],
        "azure v1 chat.parse": chat(v1)["chat.parse"],
        "azure v1 responses.parse": responses(v1)["responses.parse"],
    }


def strict(client: Any) -> Mapping[str, Cell]:
    """A client that refuses a reply which is not exactly of its own types."""
    over_chat, over_responses = {**chat(client), **tools(client)}, responses(client)
    names = ("chat.parse", "chat.stream", "chat.create streamed with usage", "chat.tool required", "chat.stream tool")
    return {
        **{f"strict {name}": over_chat[name] for name in names},
        **{
            f"strict {name}": over_responses[name]
            for name in ("responses.parse", "responses.stream", "responses.tool named", "responses.stream tool")
        },
    }


def weighed(client: Any) -> Mapping[str, Cell]:
    """With log probabilities, which must spell the answer where they are there."""

    def spelt(text: str, said: Any) -> Any:
        if said is not None and "".join(token.token for token in said.content) != text:
            raise ValueError(f"the tokens do not spell {text}")
        return text

    def create(text: str, system: str, top: int, **asked: Any) -> Any:
        (choice,) = client.chat.completions.create(
            model=MODEL, messages=asking(system, text), logprobs=True, top_logprobs=top, **asked
        ).choices
        return spelt(choice.message.content, choice.logprobs)

    return {
        "chat.create with logprobs": lambda text: json.loads(create(text, SYSTEM, 1, response_format=STRICT)),
        "chat.create with two alternatives": lambda text: json.loads(create(text, SYSTEM, 2, response_format=STRICT)),
        "chat.one word with logprobs": lambda text: create(text, WORD, 3),
    }


def unanswerable(client: Any) -> Mapping[str, Cell]:
    """What only the LLM can answer."""
    create = client.chat.completions.create
    other: Any = {"type": "function", "function": {"name": "other", "parameters": SCHEMA}}
    properties: Any = SCHEMA["properties"]
    more: Any = {"properties": {**properties, "why": {"type": "string"}}, "required": [*FIELDS, "why"]}
    free: Any = {**SCHEMA, **more}
    explained: Any = {"type": "json_schema", "json_schema": {"name": "mail", "strict": True, "schema": free}}

    def talked(text: str) -> Any:
        answer: Any = {"role": "assistant", "content": f"You said: {text[::2]}"}
        return [*prompt(text), answer, {"role": "user", "content": "So sort it."}]

    def sorted_out(text: str, **asked: Any) -> Any:
        said = content(create(**{"model": MODEL, "messages": prompt(text), "response_format": STRICT, **asked}))
        return {name: said[name] for name in FIELDS}

    return {
        "several choices": lambda text: sorted_out(text, n=2),
        "stored": lambda text: sorted_out(text, store=True),
        "a conversation": lambda text: sorted_out(text, messages=talked(text)),
        "a field of free text": lambda text: sorted_out(text, response_format=explained),
        "two tools": lambda text: called(
            create(model=MODEL, messages=prompt(text), tools=[*TOOL, other], tool_choice="required")
        ),
        "too few tokens": lambda text: sorted_out(text, max_tokens=1),
    }


def cells(root: str, key: str) -> Mapping[str, Cell]:
    client: Any = openai.OpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0)
    bare: Any = openai.OpenAI(base_url=root, api_key=key, max_retries=0)
    return {
        **chat(client),
        **tools(client),
        **legacy(client),
        **unstated(client),
        **responses(client),
        **asynchronous(openai.AsyncOpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0)),
        **azure(root, key),
        **strict(openai.OpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0, _strict_response_validation=True)),
        **weighed(client),
        **unanswerable(client),
        "bare path chat.parse": chat(bare)["chat.parse"],
    }


if __name__ == "__main__":
    run(cells)
