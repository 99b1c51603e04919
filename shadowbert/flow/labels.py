"""What a logged reply says: the label it gives, or why it gives none, and its envelope. Finds no tasks."""

from shadowbert.curation.outcome import Ending, Unfit, label_of
from shadowbert.domain.contract import Answer, Contract
from shadowbert.domain.exchange import Outcome
from shadowbert.domain.records import LoggedExchange
from shadowbert.recognition.answer import read_answer, unfenced
from shadowbert.recognition.recogniser import Recognised
from shadowbert.wire.output_ask import Statement, Transport
from shadowbert.wire.reply import Reply
from shadowbert.wire.request import Request

CUT = "length"
LONGEST = 4_000
"""Characters of an answer whose contract is not known: what is longer is prose."""


def said(request: Request, reply: Reply | None) -> str | None:
    """The answer as it was written, from where this request wants it: a forced tool is not answered in the content."""
    output = request.output
    if reply is None or output is None:
        return None
    if output.transport is Transport.CONTENT:
        return reply.content
    return reply.arguments if reply.tool_name == output.name else None


def _read(call: Recognised, text: str) -> Answer | None:
    """A code fence is no part of an answer, except where the body's own schema rules it out."""
    output = call.request.output
    stated = output is not None and output.statement is Statement.BODY
    return read_answer(call.schema, call.contract, text if stated else unfenced(text))


def label(exchange: LoggedExchange, call: Recognised, reply: Reply | None) -> Answer | Unfit:
    text = said(call.request, reply)
    answer = _read(call, text) if text else None
    if answer is None and reply is not None:
        answer = _other(call.contract)
    return label_of(_ending(exchange, reply, answer, whole=call.contract.bare and answer is not None))


def _other(contract: Contract) -> Answer | None:
    """Something else altogether: where nobody obliged the teacher, any reply is its answer."""
    others = [field.other for field in contract.fields]
    return tuple(other for other in others if other is not None) if None not in others else None


def answered(exchange: LoggedExchange, request: Request, reply: Reply | None) -> str | None:
    """The text of an answer that may show what the contract is; None where it is unfit, or surely prose."""
    text = said(request, reply)
    if text is None or request.output is None or len(text) > LONGEST:
        return None
    single = request.output.statement is Statement.TEXT and request.max_tokens is not None
    ending = _ending(exchange, reply, (), whole=single)
    return None if isinstance(label_of(ending), Unfit) else text


def envelope(request: Request, reply: Reply | None) -> dict[str, str | int | None]:
    """How it was asked, and what the reply said about itself."""
    asked: dict[str, str | int | None] = {"transport": request.output.transport.value if request.output else None}
    if reply is None:
        return asked
    return asked | {
        "model": reply.model,
        "finish_reason": reply.finish_reason,
        "system_fingerprint": reply.system_fingerprint,
        "service_tier": reply.service_tier,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
    }


def _ending(exchange: LoggedExchange, reply: Reply | None, answer: Answer | None, *, whole: bool) -> Ending:
    """`whole`: a one-token prompt's answer is complete though the limit "cut" it."""
    finish = reply.finish_reason if reply else None
    return Ending(
        source=exchange.source,
        outcome=Outcome(exchange.outcome),
        status=exchange.status,
        complete=reply is not None and reply.complete,
        finish_reason=None if whole and finish == CUT else finish,
        refusal=reply.refusal if reply else None,
        answer=answer,
        choices=reply.choices if reply else 1,
    )
