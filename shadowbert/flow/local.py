"""A student's answer as the reply its request asked for, or the reason why it would not be a right one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from shadowbert.domain.ids import uuid7
from shadowbert.domain.route import Reason
from shadowbert.domain.student import Prediction
from shadowbert.domain.template import Prompt
from shadowbert.flow.marks import request_id, student_marks
from shadowbert.flow.ports import Headers
from shadowbert.flow.recording import Record
from shadowbert.recognition.contract import write_answer
from shadowbert.recognition.recogniser import Recognised
from shadowbert.recognition.validate import valid
from shadowbert.wire.render import LocalAnswer, render
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
    text = write_answer(request.output.schema, call.contract, prediction.guess.answer)
    if not valid(request.output.schema, text):
        return Reason.INVALID_ANSWER
    if not _fits(request, text):
        return Reason.PARAMETER
    answer = LocalAnswer(
        text=text,
        model=version.reply_model or request.model,
        fingerprint=f"fp_shadowbert_{prediction.student_id[-12:]}",
        prompt_tokens=prompt_tokens(request.prompt or ()),
        completion_tokens=tokens(text),
        answer_id=uuid7().replace("-", ""),
        created=int(time.time()),
    )
    content_type, chunks = render(request, answer)
    headers = _headers(request, content_type, sum(map(len, chunks)))
    headers.append((b"openai-processing-ms", str(max(1, round(record.elapsed_ms()))).encode("ascii")))
    return LocalReply(headers, chunks, student_marks(prediction))


def _fits(request: Request, text: str) -> bool:
    """Whether the teacher could have said it whole: no stop string in it, and surely not more tokens than allowed."""
    if any(stop in text for stop in request.stop if stop):
        return False
    return request.max_tokens is None or request.max_tokens >= -(-len(text.encode()) // _LEAST_BYTES_PER_TOKEN)


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
