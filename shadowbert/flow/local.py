"""A student's answer as the reply its request asked for, or the reason why it would not be a right one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from shadowbert.domain.manner import Manner
from shadowbert.domain.route import Reason
from shadowbert.domain.student import Prediction
from shadowbert.domain.template import Prompt
from shadowbert.flow.confidence import token_logprobs
from shadowbert.flow.form import form_of, sibling
from shadowbert.flow.marks import request_id, student_marks
from shadowbert.flow.ports import Headers
from shadowbert.flow.recording import Record
from shadowbert.recognition.answer import PLAIN, Piece, text_of, unfenced, write_answer
from shadowbert.recognition.recogniser import Recognised
from shadowbert.recognition.validate import valid
from shadowbert.wire.local_answer import LocalAnswer, TokenLogprob
from shadowbert.wire.output_ask import Statement, Transport
from shadowbert.wire.render import render
from shadowbert.wire.request import Request

_CHARS_PER_TOKEN = 4
_LEAST_BYTES_PER_TOKEN = 2
"""Short JSON with common words never takes more tokens than half its bytes."""
_TOKENS_PER_MESSAGE = 4
"""Role and delimiters, as the chat format counts them."""


@dataclass(frozen=True, slots=True)
class LocalReply:
    headers: Headers
    chunks: Sequence[bytes]
    marks: Headers
    """Our own headers, which an operator may switch off."""


def render_local(call: Recognised, prediction: Prediction, record: Record) -> LocalReply | Reason:
    """The whole reply, made before its first byte goes out, valid against the request's own schema."""
    request, version = call.request, call.version
    if request.output is None or version is None:
        return Reason.INVALID_ANSWER
    manner = _manner(call, prediction)
    if manner is None:
        return Reason.UNSEEN_FORM
    pieces = _write(call, prediction, manner)
    if isinstance(pieces, Reason):
        return pieces
    logprobs = _logprobs(call, prediction, pieces, manner)
    if isinstance(logprobs, Reason):
        return logprobs
    text = text_of(pieces)
    answer = LocalAnswer(
        text=text,
        model=version.reply_model or request.model,
        fingerprint=f"fp_shadowbert_{prediction.student_id[-12:]}",
        prompt_tokens=prompt_tokens(request.prompt or ()),
        completion_tokens=tokens(text),
        answer_id=record.id,
        created=int(time.time()),
        finish_reason=manner.finish_reason,
        logprobs=logprobs,
    )
    content_type, chunks = render(request, answer)
    headers = _headers(request, content_type, sum(map(len, chunks)))
    headers.append((b"openai-processing-ms", str(max(1, round(record.elapsed_ms()))).encode("ascii")))
    return LocalReply(headers, chunks, student_marks(prediction))


def _manner(call: Recognised, prediction: Prediction) -> Manner | None:
    """As the teacher writes in this form; a schema in the body leaves it little choice, so OpenAI's default will do."""
    request, version = call.request, call.version
    form = form_of(request, call.contract, prediction.guess.answer)
    known = version.manners if version is not None else {}
    stated = request.output is not None and request.output.statement is Statement.BODY
    return known.get(form) or known.get(sibling(form)) or (PLAIN if stated else None)


def _write(call: Recognised, prediction: Prediction, manner: Manner) -> list[Piece] | Reason:
    schema, contract = call.schema, call.contract
    fills = call.version.fills if call.version is not None else {}
    pieces = write_answer(schema, contract, prediction.guess.answer, manner, fills=fills)
    if pieces is None:
        return Reason.INVALID_ANSWER
    text = text_of(pieces)
    stated = call.request.output is not None and call.request.output.statement is Statement.BODY
    if not (contract.bare or valid(schema, text if stated else unfenced(text))):
        return Reason.INVALID_ANSWER
    return _misfit(call.request, text, limited=not contract.bare) or pieces


def _misfit(request: Request, text: str, *, limited: bool) -> Reason | None:
    """Why the teacher could not have said it whole: a stop string in it, or fewer tokens allowed than it may take.

    A bare label was said by the teacher under the same limit: the limit is part of what its task is known by.
    """
    if any(stop in text for stop in request.stop if stop):
        return Reason.STOP
    least = -(-len(text.encode()) // _LEAST_BYTES_PER_TOKEN)
    return Reason.MAX_TOKENS if limited and request.max_tokens is not None and request.max_tokens < least else None


def _logprobs(
    call: Recognised, prediction: Prediction, pieces: list[Piece], manner: Manner
) -> list[TokenLogprob] | Reason | None:
    request = call.request
    if request.top_logprobs is None:
        return None
    if request.output is None or request.output.transport is not Transport.CONTENT or not call.contract.plain:
        return Reason.LOGPROBS
    said = token_logprobs(pieces, call.contract, prediction.guess, top=request.top_logprobs, manner=manner)
    return Reason.LOGPROBS if said is None else said


def _headers(request: Request, content_type: bytes, length: int) -> list[tuple[bytes, bytes]]:
    framing = (b"cache-control", b"no-cache") if request.stream else (b"content-length", str(length).encode("ascii"))
    return [(b"content-type", content_type), framing, request_id()]


def tokens(text: str) -> int:
    """An estimate: English and JSON run at about four characters a token; nothing is ever free.

    >>> tokens(""), tokens('{"label":"spam"}')
    (1, 4)
    """
    return max(1, -(-len(text) // _CHARS_PER_TOKEN))


def prompt_tokens(prompt: Prompt) -> int:
    return sum(tokens(message.text) + _TOKENS_PER_MESSAGE for message in prompt)
