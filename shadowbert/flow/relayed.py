"""Passing a call on to the LLM and its reply back, with a copy kept for the row. Never changes a byte of either."""

from collections.abc import Sequence

from shadowbert.domain.exchange import Outcome
from shadowbert.errors import UpstreamError, UpstreamTimeout
from shadowbert.flow.audit import Audit
from shadowbert.flow.callers import AcceptedCallers
from shadowbert.flow.choose import Choice
from shadowbert.flow.ending import Ending
from shadowbert.flow.incoming import Client
from shadowbert.flow.marks import error_reply
from shadowbert.flow.ports import RelayReply, RelayRequest, Upstream
from shadowbert.flow.recording import Record, Recorder

Marks = Sequence[tuple[bytes, bytes]]


class Relayer:
    """The LLM's side of the answer station."""

    def __init__(self, *, upstream: Upstream, recorder: Recorder, callers: AcceptedCallers) -> None:
        self._upstream, self._recorder, self._callers = upstream, recorder, callers

    async def relay(self, record: Record, client: Client, *, choice: Choice, audit: Audit, marks: Marks) -> None:
        sent = record.incoming
        request = RelayRequest(sent.method, sent.onward, sent.headers, sent.body, sent.upstream)
        passage = _Passage(record, client, self._recorder, audit)
        try:
            async with self._upstream.send(request) as reply:
                self._learn(reply.status, record, choice)
                await passage.run(reply, marks)
        except UpstreamError as error:
            if record.started:
                self._recorder.close(record, Outcome.TRUNCATED)  # the web door breaks the client's reply off, too
            else:
                await passage.refuse(error, marks)

    def _learn(self, status: int, record: Record, choice: Choice) -> None:
        """What upstream thinks of this caller."""
        if choice.request is None:
            return
        if 200 <= status < 300:
            self._callers.accept(record.wishes, choice.request.teacher)
        elif status in (401, 403):
            self._callers.refuse(record.wishes, choice.request.teacher)


class _Passage:
    """One reply on its way to the client; its row is written before the byte that completes it goes out."""

    def __init__(self, record: Record, client: Client, recorder: Recorder, audit: Audit) -> None:
        self._record, self._client, self._recorder, self._audit = record, client, recorder, audit

    async def run(self, reply: RelayReply, marks: Marks) -> None:
        record, client = self._record, self._client
        ending = Ending(record.incoming.method, reply.status, reply.headers)
        outcome = Outcome.COMPLETE if reply.status < 400 else Outcome.UPSTREAM_ERROR
        record.head(reply.status, reply.headers)
        if ending.empty:
            await self._close(outcome)
        await client.start(reply.status, [*reply.headers, *marks])
        async for chunk in reply.chunks():
            record.tee(chunk)
            if ending.terminal(chunk):
                await self._close(outcome)
            last = ending.last(chunk)
            await client.send(chunk, more=not last)
            if last:
                return
        await self._close(outcome)
        await client.send(b"", more=False)

    async def refuse(self, error: UpstreamError, marks: Marks) -> None:
        """There is no reply: an error of ours in OpenAI's shape, which the SDKs may retry as they would without us."""
        late = isinstance(error, UpstreamTimeout)
        code = "shadowbert_upstream_timeout" if late else "shadowbert_upstream_unreachable"
        status = 504 if late else 502
        headers, body = error_reply(str(error), code=code, retry=True, marks=marks)
        self._record.head(status, headers)
        self._record.tee(body)
        await self._close(Outcome.UPSTREAM_ERROR)
        await self._client.start(status, headers)
        await self._client.send(body, more=False)

    async def _close(self, outcome: Outcome) -> None:
        if not self._record.closed:
            await self._audit.settle(self._record)
            self._recorder.close(self._record, outcome)
