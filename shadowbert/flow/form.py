"""Names the form of a call: what a teacher's way of writing depends on beside the question. Judges nothing."""

from shadowbert.domain.contract import Answer, Contract
from shadowbert.wire.request import Request

WHOLE, STREAM = "whole", "stream"


def form_of(request: Request, contract: Contract, answer: Answer) -> str:
    """Endpoint, transport, where the contract stands, tool choice, streamed or not; empty where nothing is asked.

    Where the text is the label, the label too: a token limit may cut one and not the other.
    """
    output = request.output
    if output is None:
        return ""
    choice = output.tool_choice.value if output.tool_choice else "free"
    stated = f"{output.statement}{':' + output.kind if output.kind else ''}"
    label = f"/{answer[0]}" if contract.bare else ""
    framing = STREAM if request.stream else WHOLE
    return f"{request.endpoint}/{output.transport}/{stated}/{choice}/{framing}{label}"


def sibling(form: str) -> str:
    """The same form, streamed instead of whole or the other way round."""
    here, there = (STREAM, WHOLE) if f"/{STREAM}" in form else (WHOLE, STREAM)
    return form.replace(f"/{here}", f"/{there}")
