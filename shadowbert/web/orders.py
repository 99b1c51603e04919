"""What an operator may order by HTTP: one class a verb, read from JSON or from a form, that knows whom to ask.

Decides nothing: what an order does, and when it is refused, is the business of the operations behind it.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from secrets import randbelow
from types import MappingProxyType
from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from shadowbert.bootstrap.operations import Operations
from shadowbert.domain.policy import KEYS
from shadowbert.domain.records import TrainingJob, VersionRow
from shadowbert.errors import OperatorError
from shadowbert.flow.arrange import Arrange
from shadowbert.flow.correct import ALONE
from shadowbert.flow.draw import SEEDS, Wanted
from shadowbert.flow.fills import fill_of, read_value
from shadowbert.flow.foresee import Foresight
from shadowbert.flow.inherit import Choice
from shadowbert.flow.operate import Operate, Operator

MAX_WHY = 1000
MAX_NAME = 1000
"""Names that are longer than a task's may be are refused in the operator's terms; only what is no name is not read."""
SLOT = "slot-"
"""A slot that counts is a field of a form, by its number."""
FIELD = "field-"
"""A field of an answer is one of a form, by its name."""
Outcome = VersionRow | TrainingJob | int | tuple[Foresight, ...]
"""The version as it is now, the training that was cancelled, the examples of one asked for, or what would be."""


class Order(BaseModel, ABC):
    """One command on one task; all of its body may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    why: Annotated[str, Field(max_length=MAX_WHY)] = ""

    @abstractmethod
    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        """Raises what the operation raises."""

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        """From the fields that it knows of a form sent by a browser. Raises OperatorError or ValidationError."""
        known = {name: value for name, value in form.items() if name in cls.model_fields}
        return cls.model_validate({**known, "why": form.get("why", "")[:MAX_WHY]})


class Cutover(Order):
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    force: bool = False
    hold: bool = False
    """Switch its alarms off."""

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        if "hold" in form and "force" not in form:
            raise OperatorError("to let no alarm end it, tick as well: even if the gate has not passed")
        return super().of_form(form)

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        return operations.operate.cutover(task, who, share=self.share, force=self.force, hold=self.hold)


class Fill(Order):
    field: Annotated[str, Field(max_length=1000)] = ""
    value: JsonValue = None
    """Null is a value too; what is not sent is none."""
    omit: bool = False
    llm: bool = False

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        said = json.dumps(self.value) if "value" in self.model_fields_set else None
        return operations.operate.fill(task, who, self.field, fill_of(value=said, omit=self.omit, llm=self.llm))

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        said = {"value": read_value(form.get("value", ""))} if "say" in form else {}
        chosen = {name: True for name in ("omit", "llm") if name in form}
        told = {"why": form.get("why", "")[:MAX_WHY], "field": form.get("field", "")}
        return cls.model_validate({**told, **said, **chosen})


class _Simple(Order):
    """An order that says no more than why."""

    act: ClassVar[Callable[[Operate, str, Operator], Outcome]]

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        return type(self).act(operations.operate, task, who)


class Rollback(_Simple):
    act = Operate.rollback


class Pause(_Simple):
    act = Operate.pause


class Resume(_Simple):
    act = Operate.resume


class Off(_Simple):
    act = Operate.off


class Retrain(Order):
    cancel: bool = False
    """End the training that is queued or under way."""

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        return operations.operate.cancel(task, who) if self.cancel else operations.operate.retrain(task, who)


class Confirm(_Simple):
    act = Operate.confirm


class Label(Order):
    exchange: Annotated[str, Field(max_length=MAX_NAME)] = ""
    answer: dict[str, str] | str = ""
    """Labels by field; a label alone where the contract has one field."""

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        said = {ALONE: self.answer} if isinstance(self.answer, str) else self.answer
        return operations.correct.label(task, who, self.exchange, said).version


class Draw(Order):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    count: Annotated[int, Field(ge=1, le=10_000)] = 50
    seed: Annotated[int | None, Field(ge=0, lt=SEEDS)] = None
    version: Annotated[str, Field(max_length=MAX_NAME)] = ""
    everything: Annotated[bool, Field(alias="all")] = False

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        seed = randbelow(SEEDS) if self.seed is None else self.seed
        return operations.draw.draw(task, who, Wanted(self.count, seed, self.version, self.everything)).version


class Answer(Order):
    """To the next of the calls that were drawn."""

    exchange: Annotated[str, Field(max_length=MAX_NAME)] = ""
    answer: dict[str, str] | str = ""
    """Labels by field; a label alone where the contract has one field."""
    skip: bool = False

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        if self.skip == bool(self.answer):
            raise OperatorError("say either what the answer is or that it is skipped")
        if self.skip:
            return operations.draw.skip(task, who, self.exchange)
        said = {ALONE: self.answer} if isinstance(self.answer, str) else self.answer
        return operations.draw.answer(task, who, self.exchange, said)

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        """Who skips has chosen nothing, whatever the lists stand on."""
        why, exchange = form.get("why", "")[:MAX_WHY], form.get("exchange", "")
        if "skip" in form:
            return cls(why=why, exchange=exchange, skip=True)
        chosen = {name[len(FIELD) :]: label for name, label in form.items() if name.startswith(FIELD)}
        return cls(why=why, exchange=exchange, answer=chosen)


class Rename(Order):
    name: Annotated[str, Field(max_length=MAX_NAME)] = ""

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        return operations.arrange.rename(task, who, self.name)


class Merge(Order):
    tasks: tuple[str, ...] = ()

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        return operations.arrange.merge(task, who, self.tasks)

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        return cls(why=form.get("why", "")[:MAX_WHY], tasks=(form["tasks"],) if "tasks" in form else ())


class Split(Order):
    versions: tuple[str, ...] = ()
    name: Annotated[str, Field(max_length=MAX_NAME)] = ""

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        return operations.arrange.split(task, who, self.versions, self.name)

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        chosen = (form["versions"],) if "versions" in form else ()
        return cls(why=form.get("why", "")[:MAX_WHY], versions=chosen, name=form.get("name", ""))


class Inherit(Order):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    version: Annotated[str, Field(max_length=MAX_NAME)] = ""
    source: Annotated[str, Field(max_length=MAX_NAME, alias="from")] = ""
    none: bool = False
    """Give up what is inherited."""
    check: JsonValue = None

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        if self.check:
            said = "a check asks the LLM with a key of yours, which no server is given"
            raise OperatorError(f"{said}; run: shadowbert task inherit {task} --check 100")
        choice = Choice(self.version, self.source)
        if self.none:
            return operations.inherit.give_up(task, who, choice)
        return operations.inherit.allow(task, who, choice)


class Unaudited(Order):
    """What becomes of a student that nobody checks."""

    freeze: bool = False
    stop: bool = False
    new_teacher: Annotated[str, Field(max_length=MAX_NAME)] = ""

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        if self.freeze + self.stop + bool(self.new_teacher) != 1:
            raise OperatorError("say one of freeze, stop and new_teacher")
        if self.freeze:
            return operations.teacherless.freeze(task, who)
        if self.stop:
            return operations.teacherless.stop(task, who)
        return operations.teacherless.succeed(task, who, self.new_teacher).version

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        """Who stops it has named no model, whatever stands in the line."""
        chosen = {name: True for name in ("freeze", "stop") if name in form}
        named = {} if chosen else {"new_teacher": form.get("new_teacher", "").strip()}
        return cls.model_validate({**chosen, **named, "why": form.get("why", "")[:MAX_WHY]})


class Count(Order):
    slots: tuple[int, ...] = ()
    version: str | None = None

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        return operations.reshape.count(task, who, self.version, self.slots).version

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        chosen = tuple(
            int(name[len(SLOT) :]) for name in form if name.startswith(SLOT) and name[len(SLOT) :].isdecimal()
        )
        return cls(why=form.get("why", "")[:MAX_WHY], slots=chosen, version=form.get("version"))


class Template(Order):
    messages: JsonValue = None
    version: str | None = None

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        return operations.reshape.edit(task, who, self.version, self.messages).version


class Policy(Order):
    """What is not sent stays as it is; null is the default."""

    target: JsonValue = None
    alpha: JsonValue = None
    audit_rate: JsonValue = None
    min_rows: JsonValue = None
    min_hours: JsonValue = None
    autopilot: JsonValue = None
    gate_on: JsonValue = None
    unaudited_hours: JsonValue = None
    always_llm: JsonValue = None
    dry_run: bool = False

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        wanted = {key: getattr(self, key) for key in KEYS if key in self.model_fields_set}
        if self.dry_run:
            return tuple(operations.govern.foresee(task, wanted))
        return operations.govern.change(task, who, wanted)

    @classmethod
    def of_form(cls, form: Mapping[str, str]) -> Self:
        """An empty line is the default."""
        said: dict[str, object] = {key: form.get(key, "").strip() or None for key in KEYS}
        return cls.model_validate({**said, "why": form.get("why", "")[:MAX_WHY], "dry_run": "dry_run" in form})


class _Arranging(Order):
    act: ClassVar[Callable[[Arrange, str, Operator], VersionRow]]

    def carry_out(self, operations: Operations, task: str, who: Operator) -> Outcome:
        return type(self).act(operations.arrange, task, who)


class Pin(_Arranging):
    act = Arrange.pin


class Unpin(_Arranging):
    act = Arrange.unpin


ORDERS: Mapping[str, type[Order]] = MappingProxyType(
    {
        "cutover": Cutover,
        "rollback": Rollback,
        "pause": Pause,
        "resume": Resume,
        "off": Off,
        "retrain": Retrain,
        "confirm": Confirm,
        "fill": Fill,
        "policy": Policy,
        "label": Label,
        "draw": Draw,
        "answer": Answer,
        "rename": Rename,
        "merge": Merge,
        "count": Count,
        "template": Template,
        "split": Split,
        "inherit": Inherit,
        "unaudited": Unaudited,
        "pin": Pin,
        "unpin": Unpin,
    }
)


def order_class(verb: str) -> type[Order]:
    """Raises OperatorError with the verbs there are."""
    if verb not in ORDERS:
        raise OperatorError(f"there is no command {verb!r}; there are {', '.join(ORDERS)}")
    return ORDERS[verb]
