"""Every mode of instructor that speaks to an OpenAI-compatible API, whole, partial and as an iterable."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import instructor
import openai
from common import MODEL, Cell, prompt, run
from instructor import Mode
from pydantic import BaseModel

CHAT = ("TOOLS", "TOOLS_STRICT", "FUNCTIONS", "JSON", "JSON_O1", "JSON_SCHEMA", "MD_JSON")
RESPONSES = ("RESPONSES_TOOLS", "RESPONSES_TOOLS_WITH_INBUILT_TOOLS")


class Mail(BaseModel):
    topic: Literal["billing", "delivery", "login"]
    urgent: bool


Topic = Literal["billing", "delivery", "login"]


def cells(root: str, key: str) -> Mapping[str, Cell]:
    client = openai.OpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0)

    def speaking(mode: str) -> Any:
        return instructor.from_openai(client, mode=Mode[mode])

    def whole(mode: str) -> Cell:
        patched = speaking(mode)
        return lambda text: patched.chat.completions.create(
            model=MODEL, messages=prompt(text), response_model=Mail, max_retries=0
        )

    def partial(mode: str) -> Cell:
        patched = speaking(mode)
        return lambda text: list(
            patched.chat.completions.create_partial(
                model=MODEL, messages=prompt(text), response_model=Mail, max_retries=0
            )
        )[-1]

    def iterable(text: str) -> Any:
        (mail,) = speaking("TOOLS").chat.completions.create_iterable(
            model=MODEL, messages=prompt(text), response_model=Mail, max_retries=0
        )
        return mail

    def parallel(text: str) -> Any:
        (mail,) = speaking("PARALLEL_TOOLS").chat.completions.create(
            model=MODEL, messages=prompt(text), response_model=Iterable[Mail], max_retries=0
        )
        return mail

    def scalar(text: str) -> Any:
        return speaking("TOOLS").chat.completions.create(
            model=MODEL, messages=prompt(text), response_model=Topic, max_retries=0
        )

    def provided(text: str) -> Any:
        patched = instructor.from_provider(f"openai/{MODEL}", base_url=f"{root}/v1", api_key=key)
        return patched.chat.completions.create(messages=prompt(text), response_model=Mail, max_retries=0)

    async def asynchronous(text: str) -> Any:
        async with openai.AsyncOpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0) as plain:
            patched = instructor.from_openai(plain, mode=Mode.TOOLS)
            return await patched.chat.completions.create(
                model=MODEL, messages=prompt(text), response_model=Mail, max_retries=0
            )

    return {
        **{mode: whole(mode) for mode in (*CHAT, *RESPONSES)},
        **{f"{mode} partial": partial(mode) for mode in ("TOOLS", "JSON", "JSON_SCHEMA", "MD_JSON")},
        "PARALLEL_TOOLS": parallel,
        "TOOLS scalar": scalar,
        "TOOLS iterable": iterable,
        "from_provider": provided,
        "async TOOLS": lambda text: asyncio.run(asynchronous(text)),
    }


if __name__ == "__main__":
    run(cells)
