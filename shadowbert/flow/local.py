"""A student's answer as the reply its request asked for, or the reason why it would not be a right one."""

import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from shadowbert.domain.contract import Answer
from shadowbert.domain.manner import Manner
from shadowbert.domain.route import Reason
from shadowbert.domain.student import Prediction
from shadowbert.domain.task import PublishedVersion
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
from shadowbert.wire.output_ask import OutputAsk, Statement, Transport
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


@dataclass(frozen=True, slots=True)
class _Written:
    """An answer as the teacher would write it in this form, valid against its schema."""

    pieces: Sequence[Piece]
    manner: Manner
    text: str


class LocalWriter:
    """Renders replies. Remembers the answers it wrote for each version: a task has few, each for many calls."""

    def __init__(self, *, answers: int = 1024) -> None:
        self._answers: OrderedDict[Hashable, tuple[PublishedVersion, _Written | Reason]] = OrderedDict()
        self._limit = answers

    def reply(self, call: Recognised, prediction: Prediction, record: Record) -> LocalReply | Reason:
        """The whole reply, made before its first byte goes out, valid against the request's own schema."""
        if call.request.output is None or call.version is None:
            return Reason.INVALID_ANSWER
        written = self._written(call, call.version, call.request.output, prediction.guess.answer)
        if isinstance(written, Reason):
            return written
        return _misfit(call, written.text) or _reply(call, written, prediction, record)

    def _written(
        self, call: Recognised, version: PublishedVersion, output: OutputAsk, answer: Answer
    ) -> _Written | Reason:
        """What is written follows from the version as it was published, and from the key. Oldest out."""
        place = (call.request.endpoint, call.request.stream, output.transport, output.tool_choice)
        key = (version.id, answer, output.schema_key, output.statement, output.kind, place)
        published, known = self._answers.get(key, (None, Reason.INVALID_ANSWER))
        if published is not version:
            known = _write(call, version, output, answer)
            self._answers[key] = version, known
            if len(self._answers) > self._limit:
                self._answers.popitem(last=False)
        return known


def _reply(call: Recognised, written: _Written, prediction: Prediction, record: Record) -> LocalReply | Reason:
    request, text = call.request, written.text
    logprobs = _logprobs(call, prediction, written)
    if isinstance(logprobs, Reason):
        return logprobs
    answer = LocalAnswer(
        text=text,
        model=(call.version and call.version.reply_model) or request.model,
        fingerprint=f"fp_shadowbert_{prediction.student_id[-12:]}",
        prompt_tokens=prompt_tokens(request.prompt or ()),
        completion_tokens=tokens(text),
        answer_id=record.id,
        created=int(time.time()),
        finish_reason=written.manner.finish_reason,
        logprobs=logprobs,
    )
    content_type, chunks = render(request, answer)
    headers = _headers(request, content_type, sum(map(len, chunks)))
    headers.append((b"openai-processing-ms", str(max(1, round(record.elapsed_ms()))).encode("ascii")))
    return LocalReply(headers, chunks, student_marks(prediction))


def _write(call: Recognised, version: PublishedVersion, output: OutputAsk, answer: Answer) -> _Written | Reason:
    """From nothing but what the writer knows answers by."""
    contract, stated = call.contract, output.statement is Statement.BODY
    manner = _manner(form_of(call.request, contract, answer), version, stated=stated)
    if manner is None:
        return Reason.UNSEEN_FORM
    pieces = write_answer(call.schema, contract, answer, manner, fills=version.fills)
    if pieces is None:
        return Reason.INVALID_ANSWER
    text = text_of(pieces)
    if not (contract.worded or valid(call.schema, text if stated else unfenced(text))):
        return Reason.INVALID_ANSWER
    return _Written(pieces, manner, text)


def _manner(form: str, version: PublishedVersion, *, stated: bool) -> Manner | None:
    """As the teacher writes in this form; a schema in the body leaves it little choice, so OpenAI's default will do."""
    known = version.manners
    return known.get(form) or known.get(sibling(form)) or (PLAIN if stated else None)


def _misfit(call: Recognised, text: str) -> Reason | None:
    """Why the teacher could not have said it whole: a stop string in it, or fewer tokens allowed than it may take.

    A bare label was said by the teacher under the same limit: the limit is part of what its task is known by.
    """
    request = call.request
    if any(stop in text for stop in request.stop if stop):
        return Reason.STOP
    if request.max_tokens is None or call.contract.bare:
        return None
    least = -(-len(text.encode()) // _LEAST_BYTES_PER_TOKEN)
    return Reason.MAX_TOKENS if request.max_tokens < least else None


def _logprobs(call: Recognised, prediction: Prediction, written: _Written) -> list[TokenLogprob] | Reason | None:
    request = call.request
    if request.top_logprobs is None:
        return None
    if request.output is None or request.output.transport is not Transport.CONTENT or not call.contract.plain:
        return Reason.LOGPROBS
    said = token_logprobs(
        written.pieces, call.contract, prediction.guess, top=request.top_logprobs, manner=written.manner
    )
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
