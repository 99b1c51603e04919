"""LlamaIndex's structured outputs with its OpenAI class; the same script for its older line."""

from collections.abc import Mapping
from typing import Any, Literal

from common import MODEL, SYSTEM, TOPICS, Cell, run
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.program import FunctionCallingProgram
from llama_index.core.prompts import PromptTemplate
from llama_index.llms.openai import OpenAI
from pydantic import BaseModel

TEMPLATE = SYSTEM + "\n\nThe mail:\n{mail}\n"
WORD = f"What is the topic of this mail? Answer with one word: {', '.join(TOPICS)}.\n\nThe mail:\n"


class Mail(BaseModel):
    topic: Literal["billing", "delivery", "login"]
    urgent: bool


def cells(root: str, key: str) -> Mapping[str, Cell]:
    llm: Any = OpenAI(model=MODEL, api_base=f"{root}/v1", api_key=key, max_retries=0)
    template = PromptTemplate(TEMPLATE)
    program: Any = FunctionCallingProgram.from_defaults(output_cls=Mail, prompt_template_str=TEMPLATE, llm=llm)

    def said(text: str) -> list[ChatMessage]:
        return [ChatMessage(role="system", content=SYSTEM), ChatMessage(role="user", content=text)]

    return {
        "structured_predict": lambda text: llm.structured_predict(Mail, template, mail=text),
        "stream_structured_predict": lambda text: list(llm.stream_structured_predict(Mail, template, mail=text))[-1],
        "as_structured_llm chat": lambda text: llm.as_structured_llm(Mail).chat(said(text)).raw,
        "as_structured_llm streamed": lambda text: list(llm.as_structured_llm(Mail).stream_chat(said(text)))[-1].raw,
        "FunctionCallingProgram": lambda text: program(mail=text),
        "one word": lambda text: llm.complete(WORD + text).text,
        "one word streamed": lambda text: list(llm.stream_complete(WORD + text))[-1].text,
    }


if __name__ == "__main__":
    run(cells)
