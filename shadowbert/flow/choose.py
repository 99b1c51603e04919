"""Who answers a call: recognises it, asks the decision table and, where that says so, the student.

The fail-open border of the house stands here: whatever goes wrong in our own work, the call goes to the LLM.
Knows neither upstream nor client.
"""

import logging
import time
from collections import Counter
from dataclasses import dataclass, replace

from shadowbert.domain.exchange import CallNote
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.domain.student import Champion, Prediction
from shadowbert.errors import ArtifactInvalid, InputTooLong, StudentBusy, StudentError
from shadowbert.flow.callers import AcceptedCallers
from shadowbert.flow.local import LocalReply, LocalWriter
from shadowbert.flow.policy import AnswerPolicy
from shadowbert.flow.ports import Predictor, StageSource
from shadowbert.flow.reading import read_call, stored_unasked
from shadowbert.flow.recording import Record
from shadowbert.recognition.recogniser import Recognised, Recogniser
from shadowbert.routing.coins import Coins
from shadowbert.routing.decide import Circumstances, Consult, after_student, before_student, on_failure, shadow_audit
from shadowbert.wire.request import Request

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Choice:
    """The route of one call with all that was learnt on the way; filled step by step."""

    route: Route
    request: Request | None = None
    call: Recognised | None = None
    consult: Consult | None = None
    prediction: Prediction | None = None
    local: LocalReply | None = None
    audited: Champion | None = None
    """The champion to run for evidence while the LLM works."""

    @property
    def task(self) -> str | None:
        return self.call.version.task if self.call and self.call.version else None

    @property
    def note(self) -> CallNote | None:
        if self.call is None or self.call.version is None:
            return None
        eligible = self.route.decider is not Decider.RULE
        return CallNote(self.call.version.id, self.call.input, self.call.input_hash, eligible)


class Chooser:
    """The only maker of choices in a process; holds the recogniser's caches and the mirror it last saw."""

    def __init__(
        self,
        *,
        stages: StageSource,
        predictor: Predictor,
        coins: Coins,
        callers: AcceptedCallers,
        policy: AnswerPolicy,
        faults: Counter[str],
    ) -> None:
        self._stages, self._predictor, self._coins = stages, predictor, coins
        self._callers, self._policy = callers, policy
        self._recogniser = Recogniser()
        self._writer = LocalWriter()
        self._published: object = None
        self._faults = faults

    async def choose(self, record: Record) -> Choice:
        if record.endpoint is None:
            return Choice(_by_rule(Reason.NOT_OBSERVED))
        if not isinstance(record.incoming.body, bytes):
            return Choice(_by_rule(Reason.TOO_LARGE))
        choice = Choice(_by_rule(Reason.NOT_CLASSIFICATION))
        try:
            await self._fill(choice, record, record.incoming.body)
        except Exception as fault:  # noqa: BLE001 - the fail-open border: a fault of ours must never fail a call
            self._fail_open(choice, fault)
        return choice

    async def predict(self, champion: Champion, text: str, *, deadline_ms: float) -> Prediction:
        """Raises what the predictor raises."""
        started = time.perf_counter()
        guess = await self._predictor.predict(champion.student_id, text, deadline_ms=deadline_ms)
        ms = (time.perf_counter() - started) * 1000
        return Prediction(
            student_id=champion.student_id,
            candidate_id=champion.candidate_id,
            guess=guess,
            in_slice=champion.slice.holds(guess),
            late=ms > self._policy.deadline_ms,
            ms=ms,
        )

    async def _fill(self, choice: Choice, record: Record, body: bytes) -> None:
        request = read_call(record, body, explicit_task=record.wishes.task)
        choice.request = request = self._unless_stored(request)
        if request is None:
            choice.route = _by_rule(Reason.UNREADABLE)
            return
        self._refresh()
        choice.call = call = self._recogniser.recognise(request, tenant=self._policy.tenant)
        if call is None:
            choice.route = _by_rule(_unlike(request))
            return
        decided = before_student(call, self._circumstances(record, call), self._coins)
        if isinstance(decided, Consult):
            choice.consult = decided
            await self._consult(choice, call, decided, record)
            return
        choice.route = decided
        if call.version is not None and shadow_audit(decided, call.version):
            choice.audited = call.version.champion

    def _unless_stored(self, request: Request | None) -> Request | None:
        if request is None or self._policy.responses or not stored_unasked(request):
            return request
        return replace(request, obstacle=request.obstacle or Reason.STORE)

    def _refresh(self) -> None:
        table = self._stages.table()
        if table is not self._published:
            self._recogniser.publish(table)
            self._published = table

    def _circumstances(self, record: Record, call: Recognised) -> Circumstances:
        policy = self._policy
        served = call.version is not None and call.version.stage.serves  # nobody else's credential matters
        return Circumstances(
            exchange_id=record.id,
            mode=record.wishes.mode,
            student_mode_allowed=policy.student_mode,
            authenticated=served
            and (not policy.checks(record.upstream) or self._callers.knows(record.wishes, call.request.teacher)),
            watched=served and self._watched(),
        )

    def _watched(self) -> bool:
        return not self._policy.unwatched(self._stages.table(), age=self._stages.age(), now=time.time())

    async def _consult(self, choice: Choice, call: Recognised, consult: Consult, record: Record) -> None:
        try:
            prediction = await self.predict(consult.champion, call.input, deadline_ms=self._policy.deadline_ms)
        except InputTooLong:
            choice.route = _by_rule(Reason.INPUT_TOO_LONG)
            return
        except (StudentError, TimeoutError) as error:
            choice.route = on_failure(_failure(error), consult)
            return
        choice.prediction = prediction
        route = after_student(consult, prediction.guess)
        if route.source is Source.STUDENT:
            rendered = self._writer.reply(call, prediction, record)
            if isinstance(rendered, LocalReply):
                choice.local = rendered
            else:
                route = on_failure(rendered, consult) if rendered is Reason.INVALID_ANSWER else _by_rule(rendered)
        choice.route = route

    def _fail_open(self, choice: Choice, fault: Exception) -> None:
        kind = type(fault).__name__
        task = choice.task or "?"
        if not self._faults[f"{task}:{kind}"]:
            log.error("task %s: %s in the answer path, the LLM answers instead", task, kind)
        self._faults[f"{task}:{kind}"] += 1
        choice.local = choice.audited = None
        if choice.consult is None:
            choice.route = Route(Source.LLM, Reason.FAULT, Decider.FAULT)
        else:
            choice.route = on_failure(Reason.STUDENT_FAULT, choice.consult)


_FAILURES: tuple[tuple[type[Exception], Reason], ...] = (
    (TimeoutError, Reason.STUDENT_LATE),
    (StudentBusy, Reason.STUDENT_BUSY),
    (ArtifactInvalid, Reason.STUDENT_MISSING),
)


def _failure(error: Exception) -> Reason:
    return next((reason for kind, reason in _FAILURES if isinstance(error, kind)), Reason.STUDENT_FAULT)


def _unlike(request: Request) -> Reason:
    """Why a request that was read is no classification call."""
    if request.obstacle is Reason.TOOLS:  # it may well be one, but not one of ours to answer
        return Reason.TOOLS
    stated = request.output is not None and bool(request.output.schema)
    return Reason.OPEN_SCHEMA if stated else Reason.NOT_CLASSIFICATION


def _by_rule(reason: Reason) -> Route:
    return Route(Source.LLM, reason, Decider.RULE)
