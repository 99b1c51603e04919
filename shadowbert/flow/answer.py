"""The answer station: one call in, one reply out, one row in the journal.

Recognises the call, lets the student answer it where the policy says so, relays everything else. Knows its machines
only as ports, and no rule of evidence: it records what it saw, others judge it later.
"""

import asyncio

from shadowbert.domain.exchange import Outcome
from shadowbert.domain.route import Reason
from shadowbert.flow.audit import Audit
from shadowbert.flow.callers import AcceptedCallers
from shadowbert.flow.choose import Choice, Chooser
from shadowbert.flow.forgotten import forgotten, not_kept
from shadowbert.flow.incoming import Client, Incoming, read_wishes
from shadowbert.flow.local import LocalReply
from shadowbert.flow.marks import route_marks
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.ports import Headers, Journal, Predictor, StageSource, Upstream
from shadowbert.flow.recording import Record, Recorder, Tally
from shadowbert.flow.relayed import Marks, Relayer
from shadowbert.routing.coins import Coins


class AnswerStation:
    """What the web room's door calls. Lives as long as its process."""

    def __init__(
        self,
        *,
        upstream: Upstream,
        journal: Journal,
        stages: StageSource,
        predictor: Predictor,
        coins: Coins,
        policy: AnswerPolicy,
    ) -> None:
        self._policy = policy
        self._recorder = Recorder(journal, tenant=policy.tenant, limit=policy.body_limit, pseudonyms=policy.pseudonyms)
        callers = AcceptedCallers()
        self._chooser = Chooser(
            stages=stages,
            predictor=predictor,
            coins=coins,
            callers=callers,
            policy=policy,
            faults=self._recorder.tally.faults,
        )
        self._relayer = Relayer(upstream=upstream, recorder=self._recorder, callers=callers)

    @property
    def body_limit(self) -> int:
        return self._policy.body_limit

    @property
    def tally(self) -> Tally:
        return self._recorder.tally

    async def answer(self, incoming: Incoming, client: Client) -> None:
        """Returns when the reply is through, or broken off by upstream; cancel it when the client is gone."""
        record = self._recorder.open(incoming, read_wishes(incoming.headers))
        unfinished = Outcome.OURS
        try:
            if (gone := forgotten(incoming)) is not None:
                await self._send_error(record, client, not_kept(gone, self._exchange_mark(record)))
                return
            choice = await self._chooser.choose(record)
            _note(record, choice)
            marks = route_marks(record.id, choice.route, choice.task) if self._policy.headers else []
            if choice.local is not None:
                await self._send_local(record, client, local=choice.local, marks=marks)
                return
            with Audit(self._chooser, choice, self._policy) as audit:
                await self._relayer.relay(record, client, choice=choice, audit=audit, marks=marks)
        except asyncio.CancelledError:
            unfinished = Outcome.CLIENT_GONE
            raise
        finally:
            self._recorder.close(record, unfinished)

    def _exchange_mark(self, record: Record) -> Headers:
        return [(b"x-shadowbert-exchange", record.id.encode("ascii"))] if self._policy.headers else []

    async def _send_error(self, record: Record, client: Client, reply: tuple[Headers, bytes]) -> None:
        headers, body = reply
        record.keep = False  # upstream was not asked who this is
        record.head(404, headers)
        record.tee(body)
        self._recorder.close(record, Outcome.OURS)
        await client.start(404, headers)
        await client.send(body, more=False)

    async def _send_local(self, record: Record, client: Client, *, local: LocalReply, marks: Marks) -> None:
        headers = [*local.headers, *marks, *(local.marks if self._policy.headers else ())]
        record.head(200, headers)
        for chunk in local.chunks:
            record.tee(chunk)
        self._recorder.close(record, Outcome.COMPLETE)
        await client.start(200, headers)
        for chunk in local.chunks[:-1]:
            await client.send(chunk, more=True)
        await client.send(local.chunks[-1], more=False)


def _note(record: Record, choice: Choice) -> None:
    record.route, record.call, record.prediction = choice.route, choice.note, choice.prediction
    if choice.request is not None:
        record.explicit_task = choice.request.explicit_task
    if choice.route.reason is Reason.OFF:
        record.keep = False
