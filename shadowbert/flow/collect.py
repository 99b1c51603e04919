"""The station that turns exchanges into calls with labels, and finds versions among calls that match none.

It reads each exchange once, in load sequence. Which request is a classification, what its input is and which answers
may teach are rules of recognition and curation; here they are applied to the log.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.contract import Answer
from shadowbert.domain.manner import Manner
from shadowbert.domain.records import CallRow, LoggedExchange, StrayCall, VersionRow
from shadowbert.flow.form import form_of
from shadowbert.flow.found import Finder
from shadowbert.flow.labels import envelope, label, said
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.manners import Manners
from shadowbert.flow.reading import read_reply, read_request
from shadowbert.flow.repeats import asked_alike, settled
from shadowbert.flow.strays import GROUPS, KEPT, stray_of
from shadowbert.flow.takeover import TakeOver
from shadowbert.recognition.answer import manner_of
from shadowbert.recognition.recogniser import Recognised, Recogniser

log = logging.getLogger(__name__)

BATCH = 500
MARK = "collect"


SWEEP = 3600.0
"""Seconds between two looks at strays that nobody needs."""


@dataclass(slots=True)
class Batch:
    """What one batch of exchanges came to."""

    calls: list[CallRow] = field(default_factory=list)
    strays: list[StrayCall] = field(default_factory=list)
    reply_models: dict[str, str] = field(default_factory=dict)
    manners: list[tuple[str, str, Manner]] = field(default_factory=list)
    """Version, form, and how an answer was written."""
    exchanges: dict[str, LoggedExchange] = field(default_factory=dict)
    """Of the calls, by id."""
    further: dict[str, StrayCall] = field(default_factory=dict)
    """Of the calls that go on from another one, by id, those that are strays where nobody knows that one."""


@dataclass(slots=True)
class Collect:
    ledger: Ledger
    clock: Callable[[], float]
    audit_rate: float = 0.05
    max_tasks: int = 100
    _recogniser: Recogniser = field(default_factory=Recogniser)
    _finder: Finder = field(default_factory=Finder)
    _published: int = -1
    _manners: dict[str, Manners] = field(default_factory=dict)
    """By version; what the store knows is where their votes begin after a restart."""
    _swept: float = 0.0
    _strays_grew: bool = True
    """Whether a group of strays may have become ripe; before the first look nobody knows."""

    def __post_init__(self) -> None:
        self._finder.max_tasks = self.max_tasks

    def step(self) -> int:
        """Read one batch. Returns the number of exchanges read, and of calls looked at again for an edited template."""
        with self.ledger.read() as work:
            self._publish(work)
            exchanges = work.exchanges.after(work.marks.seq(MARK), limit=BATCH)
        if exchanges:
            batch = self._sort(exchanges)
            with self.ledger.write() as work:
                self._keep(work, batch)
                work.marks.set(MARK, seq=exchanges[-1].seq)
            self._strays_grew = self._strays_grew or bool(batch.strays or batch.further)
        if self._strays_grew:
            self._sweep()
            self._strays_grew = self._found()
        return len(exchanges) + TakeOver(self.ledger).step()

    def _sweep(self) -> None:
        """Strays that will found nothing must not pile up."""
        if self.clock() < self._swept + SWEEP:
            return
        self._swept = self.clock()
        with self.ledger.write() as work:
            work.calls.forget_strays(self._swept - KEPT, groups=GROUPS)

    def _publish(self, work: Work) -> None:
        revision = work.mirror.revision()
        if revision != self._published:
            self._recogniser.publish(work.mirror.table(audit_rate=self.audit_rate))
            self._published = revision

    def _sort(self, exchanges: Sequence[LoggedExchange]) -> Batch:
        batch = Batch()
        for exchange in exchanges:
            request = read_request(exchange)
            if request is None:
                continue
            call = self._recogniser.recognise(request, tenant=exchange.tenant)
            if call is not None and call.version is not None:
                self._add(batch, exchange, call, call.version.id)
                continue
            stray = stray_of(exchange, request, call)
            first = self._recogniser.continued(request, tenant=exchange.tenant)
            if first is not None and first.version is not None:
                self._add_further(batch, exchange, first, first.version.id)
                batch.further |= {} if stray is None else {exchange.id: stray}
            elif stray is not None:
                batch.strays.append(stray)
        return batch

    def _add(self, batch: Batch, exchange: LoggedExchange, call: Recognised, version_id: str) -> None:
        reply = read_reply(exchange)
        told = label(exchange, call, reply)
        batch.exchanges[exchange.id] = exchange
        batch.calls.append(_call(exchange, call, version_id, told, envelope(call.request, reply)))
        text = said(call.request, reply)
        if reply is None or text is None or isinstance(told, Unfit) or call.contract.strays(told):
            return  # our own answers too: a student's hand is not the teacher's
        if reply.model:
            batch.reply_models[version_id] = reply.model
        manner = manner_of(call.contract, text, reply.finish_reason)
        if manner is not None:
            batch.manners.append((version_id, form_of(call.request, call.contract, told), manner))

    def _add_further(self, batch: Batch, exchange: LoggedExchange, first: Recognised, version_id: str) -> None:
        """A call that holds another one and more: whatever the answer, it is none to the plain question."""
        batch.exchanges[exchange.id] = exchange
        how = envelope(first.request, read_reply(exchange))
        batch.calls.append(_call(exchange, first, version_id, Unfit.FEEDBACK, how))

    def _keep(self, work: Work, batch: Batch) -> None:
        calls = settled(work.calls, batch.calls, batch.exchanges, asked_alike(work.tasks))
        known = {call.exchange_id for call in calls}
        work.calls.add(calls)
        work.calls.add_strays([*batch.strays, *(stray for id_, stray in batch.further.items() if id_ not in known)])
        for version_id in {*batch.reply_models, *(version_id for version_id, _, _ in batch.manners)}:
            version = work.tasks.version(version_id)
            if version is not None:
                self._learn(work, batch, version)

    def _learn(self, work: Work, batch: Batch, version: VersionRow) -> None:
        """How the teacher signs and writes now. Written only where it changed: web processes then read it anew."""
        manners = self._manners.setdefault(version.id, Manners(version.manners))
        for version_id, form, manner in batch.manners:
            if version_id == version.id:
                manners.see(form, manner)
        model = batch.reply_models.get(version.id, version.reply_model)
        if (model, manners.now) == (version.reply_model, version.manners):
            return
        work.tasks.set_manners(version.id, model, manners.now)
        if version.reply_model not in (None, model):  # the gate asks for more audits from here on
            work.marks.set(version.id, seq=work.exchanges.last_seq(), note=f"replies are signed {model} now")

    def _found(self) -> bool:
        """Look for a template in each group of strays that has grown enough, and take in the calls that match it.

        True when a version was founded: what its group has left may hold another template.
        """
        with self.ledger.read() as work:
            groups = self._finder.ripe(work.calls.stray_groups(at_least=self._finder.least))
        founded = False
        for group in groups:
            with self.ledger.write() as work:
                version = self._finder.found(work, group, at=self.clock())
                if version is not None:
                    log.info("found task %s (%s)", version.task, version.teacher)
                    founded = self._take_in(work, group) or founded
        return founded

    def _take_in(self, work: Work, group: str) -> bool:
        """Whether any stray of the group is a call of a version now."""
        self._published = -1  # what is not committed in the end must be forgotten
        self._recogniser.publish(work.mirror.table(audit_rate=self.audit_rate))
        strays = work.calls.strays(group, limit=self._finder.most)
        batch = Batch()
        for exchange in work.exchanges.by_ids([stray.exchange_id for stray in strays]):
            request = read_request(exchange)
            call = self._recogniser.recognise(request, tenant=exchange.tenant) if request else None
            if call is not None and call.version is not None:
                self._add(batch, exchange, call, call.version.id)
        self._keep(work, batch)
        work.calls.remove_strays([call.exchange_id for call in batch.calls])
        return bool(batch.calls)


def _call(
    exchange: LoggedExchange,
    call: Recognised,
    version_id: str,
    told: Answer | Unfit,
    envelope: dict[str, str | int | None],
) -> CallRow:
    return CallRow(
        exchange_id=exchange.id,
        seq=exchange.seq,
        version_id=version_id,
        input=call.input,
        input_hash=call.input_hash,
        source=exchange.source,
        decider=exchange.decider,
        p_llm=exchange.p_llm,
        # the web process saw whether the call was eligible when it decided; a version found later can only say no
        eligible=exchange.eligible and exchange.noted_version == version_id,
        answer=None if isinstance(told, Unfit) else told,
        unfit=told.value if isinstance(told, Unfit) else None,
        prediction=exchange.prediction,
        envelope=envelope,
        caller=exchange.caller,
    )
