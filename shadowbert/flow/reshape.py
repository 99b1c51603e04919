"""What operators may do to a task's template: see it, edit it, and choose which of its slots count.

A version's skeleton never changes: an edit founds another version in its place, whose students are trained anew. The
old one serves nobody and gathers no evidence any more; collect hands its calls over. Mines nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Stage
from shadowbert.domain.template import SLOT_SEPARATOR, Prompt, Skeleton
from shadowbert.errors import OperatorError
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.named import in_force
from shadowbert.flow.operate import ASKED, Operator, told
from shadowbert.flow.reading import read_request
from shadowbert.recognition.differing import difference
from shadowbert.recognition.editing import Contents, as_form, counting, read_form, same
from shadowbert.recognition.mining import REPEATING, repeating
from shadowbert.recognition.template import match

LEAST = 20
"""Calls that an edited template must match: as many as a template that is mined."""
LOOKED_AT = 200
"""A version's latest calls that an edit is tried on."""
COUNTED = 500
"""A version's latest calls whose slots are counted."""
SHOWN = 2
"""Inputs that are shown as a student reads them."""


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A version's template as people are shown it."""

    task: str
    version: str
    teacher: str
    skeleton: Skeleton
    contents: Contents
    """By the number of a slot that counts."""
    calls: int
    """Among how many of its latest calls they were counted."""
    inputs: tuple[str, ...]

    @property
    def few(self) -> Contents:
        """The slots with so few contents that they may not belong to the text; known when there are calls enough."""
        most = REPEATING * self.calls if self.calls >= LEAST else 0
        return {number: count for number, count in self.contents.items() if count <= most}

    @property
    def notes(self) -> list[str]:
        """What an operator should look at."""
        return [
            f"slot {number} had {count} different contents in {self.calls} calls: a date, a channel or a name may not "
            "belong to the text"
            for number, count in self.few.items()
        ]

    def to_json(self) -> dict[str, object]:
        """What an edit is read from again."""
        return {
            "task": self.task,
            "version": self.version,
            "messages": as_form(self.skeleton, self.contents),
            "calls": self.calls,
            "inputs": list(self.inputs),
        }


@dataclass(frozen=True, slots=True)
class Reshaped:
    """The version that was founded, and how many of the old one's latest calls it matches."""

    version: VersionRow
    replaced: str
    matched: int
    looked_at: int


@dataclass(frozen=True, slots=True)
class Reshape:
    """Every command raises UnknownTask or OperatorError."""

    ledger: Ledger
    clock: Callable[[], float]

    def view(self, task: str, version: str | None = None) -> TemplateView:
        """Of the newest version in force, if no other is asked for by its id or the beginning of one."""
        with self.ledger.read() as work:
            return _view(work, _chosen(in_force(work.tasks, task), version))

    def views(self, task: str) -> list[TemplateView]:
        """Of all versions in force, newest last."""
        with self.ledger.read() as work:
            return [_view(work, version) for version in in_force(work.tasks, task)]

    def count(self, task: str, who: Operator, version: str | None, slots: Sequence[int]) -> Reshaped:
        """Let these slots make the input, and no others."""
        return self._reshape(task, who, version, lambda skeleton: counting(skeleton, slots), tried=False)

    def edit(self, task: str, who: Operator, version: str | None, messages: object) -> Reshaped:
        """Put the template of this form in the version's place, if it matches the calls that there were."""
        return self._reshape(task, who, version, lambda skeleton: read_form(messages, skeleton), tried=True)

    def _reshape(
        self,
        task: str,
        who: Operator,
        version: str | None,
        change: Callable[[Skeleton], Skeleton],
        *,
        tried: bool,
    ) -> Reshaped:
        """The calls are looked at before the store is locked; whoever moves the version meanwhile wins."""
        with self.ledger.read() as work:
            old = _chosen(in_force(work.tasks, task), version)
            skeleton = change(old.skeleton)
            if same(skeleton, old.skeleton):
                raise OperatorError(f"that is the template of task {task} already: nothing is changed")
            prompts = _prompts(work, old)
        rows = [slots for prompt in prompts if (slots := match(skeleton, prompt)) is not None]
        if tried:
            _check(skeleton, prompts, len(rows))
        if len(rows) >= LEAST:
            skeleton = replace(skeleton, repeating=repeating(skeleton, rows))
        said = f"it matches {len(rows)} of the latest {len(prompts)} calls"
        with self.ledger.write() as work:
            _refuse_known(in_force(work.tasks, task), old, skeleton)
            founded = self._found(work, old, skeleton, who, said)
        return Reshaped(founded, old.id, len(rows), len(prompts))

    def _found(self, work: Work, old: VersionRow, skeleton: Skeleton, who: Operator, said: str) -> VersionRow:
        """The same version but for its skeleton, without students; one that was stopped stays so."""
        known = old.anew(uuid7(), seq=work.exchanges.last_seq(), at=self.clock())
        new = replace(known, skeleton=skeleton)
        self._retire(work, old, new, who)
        work.tasks.found(new)
        work.tasks.set_manners(new.id, old.reply_model, old.manners)
        lost = ". What that one inherited is not carried over" if old.inherits else ""
        stage = old.stage if old.stage in (Stage.PAUSED, Stage.OFF) else Stage.COLLECTING
        reason = f"Founded on the template that {who.name} edited, in place of version {old.id}: {said}{lost}."
        verdict = Verdict(Ruling.INCONCLUSIVE, Move.STEP, reason)
        return work.tasks.move(new, verdict, self._to(stage, who, held=old.held))

    def _retire(self, work: Work, old: VersionRow, new: VersionRow, who: Operator) -> None:
        """Its students know another template: none of them serves, or may come to."""
        for candidate in work.candidates.active(old.id):
            work.candidates.retire(candidate.id, f"template edited by {who.name}")
        if old.stage.serves:
            reason = f"Template edited by {who.name}: version {new.id} stands in place of this one, and has no student."
            work.tasks.move(old, Verdict(Ruling.INCONCLUSIVE, Move.DEMOTE, reason), self._to(Stage.SHADOW, who))
        else:
            told(work, old, who, f"Template edited, replaced by version {new.id}", at=self.clock())
        work.tasks.replace(old.id, new.id)

    def _to(self, stage: Stage, who: Operator, *, held: bool = False) -> Transition:
        return Transition(stage, 0.0, None, by=who.name, why=who.why or ASKED, at=self.clock(), held=held)


def _chosen(versions: Sequence[VersionRow], wanted: str | None) -> VersionRow:
    if not wanted:
        return versions[-1]
    found = [version for version in versions if version.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    ids = ", ".join(version.id for version in found or versions)
    if found:
        raise OperatorError(f"several versions in force begin with {wanted!r}: {ids}")
    raise OperatorError(
        f"no version in force begins with {wanted!r}: it may have been replaced; in force there are {ids}"
    )


def _view(work: Work, version: VersionRow) -> TemplateView:
    calls = work.calls.latest(version.id, limit=COUNTED)
    inputs = [call.input for call in calls]
    contents = contents_of(version.skeleton, inputs) if inputs else {s + 1: n for s, n in version.skeleton.repeating}
    shown = list(dict.fromkeys(inputs))[:SHOWN]
    return TemplateView(version.task, version.id, version.teacher, version.skeleton, contents, len(calls), tuple(shown))


def contents_of(skeleton: Skeleton, inputs: Sequence[str]) -> Contents:
    r"""How many different contents each slot that counts had, by its number.

    A text that holds the mark between two slots itself is passed over.

    >>> from shadowbert.domain.template import SkeletonMessage
    >>> two = Skeleton((SkeletonMessage("user", ("Day: ", " Text: ", "")),))
    >>> contents_of(two, ["Mon\n[SEP]\nhello", "Mon\n[SEP]\nbye"])
    {1: 1, 2: 2}
    """
    numbers = [slot + 1 for slot in range(skeleton.slots) if slot not in skeleton.excluded]
    rows = [parts for text in inputs if len(parts := text.split(SLOT_SEPARATOR)) == len(numbers)]
    return {number: len(set(column)) for number, column in zip(numbers, zip(*rows, strict=True), strict=False)}


def _prompts(work: Work, version: VersionRow) -> list[Prompt]:
    """Of the version's latest calls, where their payloads are still there."""
    calls = work.calls.latest(version.id, limit=LOOKED_AT)
    read = (read_request(exchange) for exchange in work.exchanges.by_ids([call.exchange_id for call in calls]))
    prompts = [request.prompt for request in read if request is not None and request.prompt is not None]
    return [prompt for prompt in prompts if match(version.skeleton, prompt) is not None]


def _check(skeleton: Skeleton, prompts: Sequence[Prompt], matched: int) -> None:
    if not prompts:
        raise OperatorError("there are no calls to try this template on: their texts have been deleted, or none came")
    if matched >= (LEAST if len(prompts) >= LEAST else 1):
        return
    first = next(told for prompt in prompts[::-1] if (told := difference(skeleton, prompt)))
    raise OperatorError(
        f"this template matches {matched} of the latest {len(prompts)} calls, too few to learn from. In the latest "
        f"that it does not match, {first}"
    )


def _refuse_known(versions: Sequence[VersionRow], old: VersionRow, skeleton: Skeleton) -> None:
    """Two versions that match the same calls would take them from each other."""
    if old.id not in {version.id for version in versions}:
        raise OperatorError(f"version {old.id} has just been replaced; look again and repeat it")
    mine = (old.teacher, old.contract.hash, old.wording)
    for version in versions:
        alike = (version.teacher, version.contract.hash, version.wording) == mine
        if version.id != old.id and alike and version.skeleton.messages == skeleton.messages:
            raise OperatorError(f"version {version.id} of task {version.task} has this template already")
