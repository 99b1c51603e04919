"""LangChain's ways to structured output with ChatOpenAI and AzureChatOpenAI."""

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

from common import MODEL, SCHEMA, SYSTEM, TOPICS, Cell, run
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from pydantic import BaseModel
from typing_extensions import TypedDict

AS_JSON = f"{SYSTEM} Answer with a JSON object that holds topic ({', '.join(TOPICS)}) and urgent."
WORD = f"What is the topic of this mail? Answer with one word: {', '.join(TOPICS)}."


class Mail(BaseModel):
    topic: Literal["billing", "delivery", "login"]
    urgent: bool


class MailDict(TypedDict):
    topic: Literal["billing", "delivery", "login"]
    urgent: bool


def asking(text: str, system: str = SYSTEM) -> Any:
    return [("system", system), ("human", text)]


def structured(model: Any) -> Mapping[str, Cell]:
    loop = asyncio.new_event_loop()  # one for all calls: the library keeps its connections

    def whole(schema: Any, **how: Any) -> Cell:
        chain = model.with_structured_output(schema, **how)
        return lambda text: chain.invoke(asking(text))

    def streamed(**how: Any) -> Cell:
        chain = model.with_structured_output(Mail, **how)
        return lambda text: list(chain.stream(asking(text)))[-1]

    with_raw = model.with_structured_output(Mail, include_raw=True)
    json_mode = model.with_structured_output(Mail, method="json_mode")
    template = ChatPromptTemplate.from_messages([("system", SYSTEM), ("human", "The mail: <<<{mail}>>>")])
    chain = template | model.with_structured_output(Mail)
    dictionary = {"title": "Mail", "description": "A mail.", **SCHEMA}
    return {
        "default": whole(Mail),
        "json_schema": whole(Mail, method="json_schema"),
        "json_schema strict": whole(Mail, method="json_schema", strict=True),
        "json_schema of a TypedDict": whole(MailDict, method="json_schema"),
        "json_schema of a dict": whole(dictionary, method="json_schema"),
        "json_schema streamed": streamed(method="json_schema"),
        "function_calling": whole(Mail, method="function_calling"),
        "function_calling strict": whole(Mail, method="function_calling", strict=True),
        "function_calling streamed": streamed(method="function_calling"),
        "json_mode": lambda text: json_mode.invoke(asking(text, AS_JSON)),
        "json_mode streamed": lambda text: list(json_mode.stream(asking(text, AS_JSON)))[-1],
        "include_raw": lambda text: with_raw.invoke(asking(text))["parsed"],
        "prompt template": lambda text: chain.invoke({"mail": text}),
        "async json_schema": lambda text: loop.run_until_complete(
            model.with_structured_output(Mail).ainvoke(asking(text))
        ),
    }


def bound(model: Any) -> Mapping[str, Cell]:
    def called(choice: Any) -> Cell:
        tooled = model.bind_tools([Mail], tool_choice=choice)
        return lambda text: tooled.invoke(asking(text)).tool_calls[0]["args"]

    def pieces(text: str) -> Any:
        whole = None
        for chunk in model.bind_tools([Mail], tool_choice="any").stream(asking(text)):
            whole = chunk if whole is None else whole + chunk
        return whole.tool_calls[0]["args"]

    return {
        "bind_tools named": called("Mail"),
        "bind_tools any": called("any"),
        "bind_tools auto": called("auto"),
        "bind_tools any, streamed": pieces,
        "one word": lambda text: model.invoke(asking(text, WORD)).content,
        "one word streamed": lambda text: "".join(chunk.content for chunk in model.stream(asking(text, WORD))),
    }


def cells(root: str, key: str) -> Mapping[str, Cell]:
    plain: Any = {"model": MODEL, "base_url": f"{root}/v1", "api_key": key, "max_retries": 0}
    responses: Any = ChatOpenAI(**plain, use_responses_api=True)
    azure: Any = AzureChatOpenAI(
        azure_endpoint=root, azure_deployment=MODEL, api_version="2025-03-01-preview", api_key=key, max_retries=0
    )
    over_responses, over_azure = structured(responses), structured(azure)
    return {
        **structured(ChatOpenAI(**plain)),
        **bound(ChatOpenAI(**plain)),
        "responses json_schema": over_responses["json_schema"],
        "responses json_schema streamed": over_responses["json_schema streamed"],
        "responses function_calling": over_responses["function_calling"],
        "azure json_schema": over_azure["json_schema"],
        "azure json_schema streamed": over_azure["json_schema streamed"],
        "azure function_calling": over_azure["function_calling"],
        "azure json_mode": over_azure["json_mode"],
    }


if __name__ == "__main__":
    run(cells)
