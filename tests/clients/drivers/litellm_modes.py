"""litellm as a library, speaking to an OpenAI-compatible API."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Literal

import litellm
from common import MODEL, SCHEMA, SYSTEM, TOPICS, Cell, prompt, run
from pydantic import BaseModel

AS_JSON = f"{SYSTEM} Answer with a JSON object that holds topic ({', '.join(TOPICS)}) and urgent."
WORD = f"What is the topic of this mail? Answer with one word: {', '.join(TOPICS)}."
STRICT: Any = {"type": "json_schema", "json_schema": {"name": "mail", "strict": True, "schema": SCHEMA}}
TOOL: Any = [{"type": "function", "function": {"name": "mail", "parameters": SCHEMA}}]
NAMED: Any = {"type": "function", "function": {"name": "mail"}}


class Mail(BaseModel):
    topic: Literal["billing", "delivery", "login"]
    urgent: bool


def asking(system: str, text: str) -> Any:
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def content(reply: Any) -> Any:
    return reply.choices[0].message.content


def gathered(chunks: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def cells(root: str, key: str) -> Mapping[str, Cell]:
    to: Any = {"api_base": f"{root}/v1", "api_key": key, "num_retries": 0, "max_retries": 0}
    loop = asyncio.new_event_loop()

    def ask(messages: Any, **asked: Any) -> Any:
        return litellm.completion(model=f"openai/{MODEL}", messages=messages, **to, **asked)

    def called(text: str, choice: Any) -> Any:
        (call,) = ask(prompt(text), tools=TOOL, tool_choice=choice).choices[0].message.tool_calls
        return json.loads(call.function.arguments)

    def pieces(text: str) -> Any:
        chunks = ask(prompt(text), tools=TOOL, tool_choice="required", stream=True)
        deltas = [c.choices[0].delta.tool_calls[0] for c in chunks if c.choices[0].delta.tool_calls]
        return json.loads("".join(delta.function.arguments or "" for delta in deltas))

    async def asynchronous(text: str) -> Any:
        reply = await litellm.acompletion(model=f"openai/{MODEL}", messages=prompt(text), response_format=Mail, **to)
        return json.loads(content(reply))

    def responses(text: str) -> Any:
        reply: Any = litellm.responses(
            model=f"openai/{MODEL}", input=prompt(text), text_format=Mail, api_base=to["api_base"], api_key=key
        )
        return json.loads(reply.output[0].content[0].text)

    json_object: Any = {"type": "json_object"}
    return {
        "response_format of a class": lambda text: json.loads(content(ask(prompt(text), response_format=Mail))),
        "response_format of a dict": lambda text: json.loads(content(ask(prompt(text), response_format=STRICT))),
        "response_format streamed": lambda text: json.loads(
            gathered(ask(prompt(text), response_format=STRICT, stream=True))
        ),
        "json_object": lambda text: json.loads(content(ask(asking(AS_JSON, text), response_format=json_object))),
        "tool named": lambda text: called(text, NAMED),
        "tool required": lambda text: called(text, "required"),
        "tool auto": lambda text: called(text, "auto"),
        "tool required, streamed": pieces,
        "one word": lambda text: content(ask(asking(WORD, text))),
        "one word streamed": lambda text: gathered(ask(asking(WORD, text), stream=True)),
        "responses": responses,
        "async response_format": lambda text: loop.run_until_complete(asynchronous(text)),
    }


if __name__ == "__main__":
    litellm.suppress_debug_info = True
    run(cells)
