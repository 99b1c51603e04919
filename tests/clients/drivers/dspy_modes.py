"""DSPy's adapters, over chat completions and over Responses."""

from collections.abc import Mapping
from typing import Any, Literal

import dspy
from common import MODEL, SYSTEM, Cell, run


class Sort(dspy.Signature):
    mail: str = dspy.InputField()
    topic: Literal["billing", "delivery", "login"] = dspy.OutputField()
    urgent: bool = dspy.OutputField()


Sort.__doc__ = SYSTEM


def cells(root: str, key: str) -> Mapping[str, Cell]:
    to: Any = {"api_base": f"{root}/v1", "api_key": key, "cache": False, "num_retries": 0}
    chat, responses = (dspy.LM(f"openai/{MODEL}", model_type=kind, **to) for kind in ("chat", "responses"))

    def asking(module: Any, lm: Any, adapter: Any) -> Cell:
        def asked(text: str) -> Any:
            with dspy.context(lm=lm, adapter=adapter):
                said = module(mail=text)
            return {"topic": said.topic, "urgent": said.urgent}

        return asked

    predict, thinking = dspy.Predict(Sort), dspy.ChainOfThought(Sort)
    return {
        "ChatAdapter": asking(predict, chat, dspy.ChatAdapter()),
        "JSONAdapter": asking(predict, chat, dspy.JSONAdapter()),
        "XMLAdapter": asking(predict, chat, dspy.XMLAdapter()),
        "ChainOfThought, JSONAdapter": asking(thinking, chat, dspy.JSONAdapter()),
        "responses ChatAdapter": asking(predict, responses, dspy.ChatAdapter()),
        "responses JSONAdapter": asking(predict, responses, dspy.JSONAdapter()),
    }


if __name__ == "__main__":
    run(cells)
