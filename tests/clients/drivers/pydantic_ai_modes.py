"""pydantic-ai's output modes over chat completions and over Responses."""

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from common import MODEL, SYSTEM, TOPICS, Cell, Topic, run
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

WORD = f"What is the topic of this mail? Answer with one word: {', '.join(TOPICS)}."


class Mail(BaseModel):
    topic: Topic
    urgent: bool


class Other(BaseModel):
    topic: Topic
    shouting: bool


def cells(root: str, key: str) -> Mapping[str, Cell]:
    def asking(model: Any, output: Any, *, stream: bool = False, system: bool = False, told: str = SYSTEM) -> Cell:
        async def asked(text: str) -> Any:
            async with AsyncOpenAI(base_url=f"{root}/v1", api_key=key, max_retries=0) as client:
                speaking = model(MODEL, provider=OpenAIProvider(openai_client=client))
                how: Any = {"system_prompt": told} if system else {"instructions": told}
                agent: Any = Agent(speaking, output_type=output, retries=0, **how)
                if not stream:
                    return (await agent.run(text)).output
                async with agent.run_stream(text) as result:
                    return await result.get_output()

        return lambda text: asyncio.run(asked(text))

    chat, responses = OpenAIChatModel, OpenAIResponsesModel
    found: dict[str, Cell] = {}
    for name, model in (("chat", chat), ("responses", responses)):
        for mode, output in (("tool", ToolOutput), ("native", NativeOutput), ("prompted", PromptedOutput)):
            found[f"{name} {mode}"] = asking(model, output(Mail))
            found[f"{name} {mode} streamed"] = asking(model, output(Mail), stream=True)
    found["chat default"] = asking(chat, Mail)
    found["chat default, system prompt"] = asking(chat, Mail, system=True)
    found["chat scalar enum"] = asking(chat, Topic)
    found["chat scalar literal"] = asking(chat, Literal["billing", "delivery", "login"])
    flag, topics = asking(chat, bool), asking(chat, list[Topic])
    found["chat scalar bool"] = lambda text: {"urgent": flag(text)}
    found["chat list of labels"] = lambda text: topics(text)[0]  # type: ignore[index]
    found["chat union of classes"] = asking(chat, [Mail, Other])
    found["chat one word"] = asking(chat, str, told=WORD)
    found["responses one word"] = asking(responses, str, told=WORD)
    return found


if __name__ == "__main__":
    run(cells)
