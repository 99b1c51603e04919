"""What people say the answer should have been. It outranks the teacher in training, and changes no evidence: the gate
counts agreement with the teacher, whoever is right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shadowbert.domain.contract import Answer, Contract, Field
from shadowbert.domain.records import CallRow, Correction, VersionRow
from shadowbert.errors import OperatorError
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.named import named
from shadowbert.flow.operate import Operator

ALONE = ""
"""In the place of a field's name, where the contract has only one."""


@dataclass(frozen=True, slots=True)
class Corrected:
    version: VersionRow
    row: Correction

    @property
    def words(self) -> str:
        """What was corrected to, as people read it."""
        return ", ".join(f"{field}={label}" for field, label in self.version.contract.describe(self.row.answer).items())


@dataclass(frozen=True, slots=True)
class Correct:
    ledger: Ledger
    clock: Callable[[], float]

    def label(self, task: str, who: Operator, exchange_id: str, said: Mapping[str, str]) -> Corrected:
        """Say what a call's answer should have been: labels by field. Fields that are not named stay as they were said
        last, by a person, the LLM or the student. One correction an input: a later one takes its place.

        Raises UnknownTask and OperatorError.
        """
        with self.ledger.write() as work:
            versions = {version.id: version for version in named(work.tasks, task)}
            call = work.calls.get(exchange_id) if exchange_id.isprintable() else None
            if call is None or call.version_id not in versions:
                raise OperatorError(f"exchange {exchange_id} is no call of task {task}")
            contract = versions[call.version_id].contract
            answer = _answer(contract, _named(contract, said), _said_last(work, call))
            row = Correction(
                call.exchange_id, call.version_id, call.input, call.input_hash, call.seq, answer, who.name, who.why,
                self.clock(),
            )  # fmt: skip
            work.corrections.put(row)
            return Corrected(versions[call.version_id], row)


def answer_of(contract: Contract, said: Mapping[str, str]) -> Answer:
    """With a label for every field. Raises OperatorError."""
    return _answer(contract, _named(contract, said), None)


def _said_last(work: Work, call: CallRow) -> Answer | None:
    before = {row.input_hash: row.answer for row in work.corrections.of_version(call.version_id)}
    guessed = call.prediction.guess.answer if call.prediction else None
    return before.get(call.input_hash) or call.answer or guessed


def _named(contract: Contract, said: Mapping[str, str]) -> dict[str, str]:
    """With the field's name where it was left out."""
    names = [field.name for field in contract.fields]
    if ALONE in said and len(names) > 1:
        raise OperatorError(f"which field is {said[ALONE]!r}? Say field=label; there are {', '.join(names)}")
    given = {name or names[0]: label for name, label in said.items()}
    if unknown := given.keys() - set(names):
        raise OperatorError(f"there is no field {min(unknown)!r}; there are {', '.join(names)}")
    return given


def _answer(contract: Contract, given: Mapping[str, str], before: Answer | None) -> Answer:
    said = dict(enumerate(before or ())) | {
        place: _index(field, given[field.name]) for place, field in enumerate(contract.fields) if field.name in given
    }
    silent = [field.name for place, field in enumerate(contract.fields) if place not in said]
    if silent or not given:
        raise OperatorError(f"say the label of {', '.join(silent or [field.name for field in contract.fields])}")
    return tuple(said[place] for place in range(len(contract.fields)))


def _index(field: Field, label: str) -> int:
    """Of a label as people read it; "something else" is none."""
    labels = [field.label(index) for index in range(field.classes) if index != field.other]
    if label not in labels:
        raise OperatorError(f"{field.name} cannot be {label!r}; it is one of {', '.join(labels)}")
    return labels.index(label)
