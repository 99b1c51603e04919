"""Answers of one contract as another's: what an earlier version's examples are worth to a later one.

Knows fields and labels; whether the teacher would still say them is for a check to find out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from shadowbert.domain.contract import Answer, Contract, Field
from shadowbert.domain.records import ExampleRow, Legacy, VersionRow


@dataclass(frozen=True, slots=True)
class FieldCarry:
    """Where an old answer says this field, and what each of its outcomes is called now; None: no more."""

    place: int
    outcomes: tuple[int | None, ...]

    @property
    def known(self) -> tuple[int, ...]:
        return tuple(old for old, new in enumerate(self.outcomes) if new is not None)


@dataclass(frozen=True, slots=True)
class Carry:
    """One entry a field of the new contract."""

    fields: tuple[FieldCarry, ...]

    def answer(self, old: Answer) -> Answer | None:
        """None where a label is none any more."""
        said = [field.outcomes[old[field.place]] for field in self.fields]
        return tuple(index for index in said if index is not None) if None not in said else None

    def legacy(self, version_id: str, until_seq: int) -> Legacy:
        """The same for a store to count by."""
        kept = [(field.place, field.known) for field in self.fields if len(field.known) < len(field.outcomes)]
        return Legacy(version_id, until_seq, tuple(kept))


def carry(old: Contract, new: Contract) -> Carry | None:
    """By path and label, whatever their order. None where the new contract has a field that the old one lacks.

    >>> intent, urgent = Field(("intent",), ("bug", "praise")), Field(("urgent",), (False, True))
    >>> today = Contract((Field(("intent",), ("bug", "feature", "praise")),), "c1:today")
    >>> carry(Contract((intent, urgent), "c1:old"), today).answer((1, 0))
    (2,)
    >>> carry(today, Contract((intent, urgent), "c1:old")) is None
    True
    """
    if unsaid(old, new):
        return None
    places = {field.path: place for place, field in enumerate(old.fields)}
    fields = [FieldCarry(places[f.path], _outcomes(old.fields[places[f.path]], f)) for f in new.fields]
    return Carry(tuple(fields))


def unsaid(old: Contract, new: Contract) -> list[str]:
    """The fields of the new contract on which old answers are silent."""
    said = {field.path for field in old.fields}
    return [field.name for field in new.fields if field.path not in said]


def lost(old: Contract, how: Carry, answers: Iterable[Answer]) -> dict[str, dict[str, int]]:
    """By field and label: how many of these answers say what is no label any more."""
    counts: dict[str, Counter[str]] = {}
    for answer in answers:
        for field in how.fields:
            index, was = answer[field.place], old.fields[field.place]
            if field.outcomes[index] is None:
                counts.setdefault(was.name, Counter())[was.label(index)] += 1
    return {name: dict(labels.most_common()) for name, labels in counts.items()}


def objection(old: VersionRow, new: VersionRow) -> str | None:
    """Why no example of one version could be the other's; None where they can."""
    if old.tenant != new.tenant:
        return "they belong to different tenants, which share nothing"
    if names := unsaid(old.contract, new.contract):
        one = len(names) == 1
        said = f"field {names[0]} is" if one else f"fields {', '.join(names)} are"
        return f"{said} new: old answers do not say {'it' if one else 'them'}"
    before, now = counting_slots(old), counting_slots(new)
    if before != now:
        return f"an input's number of slots was {before} and is {now} now: a student would read something else"
    return None


def counting_slots(version: VersionRow) -> int:
    """How many slots make an input."""
    skeleton = version.skeleton
    return len(skeleton.counted([""] * skeleton.slots))


def evenly(examples: Iterable[ExampleRow]) -> Iterator[ExampleRow]:
    """All of them, one of each answer in turn, and by hash within an answer: old and new ones alike, and the same ones
    each time, so that nobody can ask until he likes what he hears.
    """
    groups: dict[Answer, list[ExampleRow]] = {}
    for example in sorted(examples, key=_mark):
        groups.setdefault(example.answer, []).append(example)
    waiting: list[Sequence[ExampleRow]] = [groups[answer] for answer in sorted(groups)]
    for turn in range(max(map(len, waiting), default=0)):
        yield from (group[turn] for group in waiting if turn < len(group))


def _mark(example: ExampleRow) -> bytes:
    """Has nothing to do with the part that an input is in, nor with any coin."""
    return blake2b(example.input_hash.encode(), digest_size=8, person=b"carry").digest()


def _outcomes(old: Field, new: Field) -> tuple[int | None, ...]:
    """Labels, then "left out", then "something else", each as far as the field has it."""
    outcomes = [new.index(label) for label in old.labels]
    if not old.required:
        outcomes.append(None if new.required else len(new.labels))
    if old.open:  # it was none of the old labels; were there others now, it might be one of them
        outcomes.append(new.other if all(old.index(label) is not None for label in new.labels) else None)
    return tuple(outcomes)
