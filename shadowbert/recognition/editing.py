"""A template as operators read and edit it: messages whose contents are constant texts and numbered slots.

Writes a skeleton in this form and reads it back, or refuses it in the operator's terms. Knows no calls and no versions.

A slot is `{"slot": 1, "counts": true, "holds": "text"}`; it holds any text, or a "stamp" (a date, a time or an id). A
new one has the number null. A JSON object has slots of its own, by key: `{"holds": "object", "keys": {...}}`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from shadowbert.domain.template import Holds, ObjectShape, Skeleton, SkeletonMessage, Stamp
from shadowbert.errors import OperatorError
from shadowbert.recognition.fingerprint import canonical_json

MESSAGE_KEYS = frozenset({"role", "content"})
SLOT_KEYS = frozenset({"slot", "counts", "holds", "contents"})
OBJECT_KEYS = frozenset({"holds", "keys", "optional"})
TEXT, STAMP, OBJECT = "text", "stamp", "object"

Form = list[dict[str, object]]
"""The messages as plain JSON values."""

Contents = Mapping[int, int]
"""By a slot's number, how many different contents it had."""

NOBODY_LOOKED: Contents = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot as people name it: numbered from 1 over all messages."""

    number: int
    counts: bool
    holds: str
    key: str = ""
    """Where it stands in a JSON object; empty where it stands in none."""


def slots_of(skeleton: Skeleton) -> list[Slot]:
    kinds = [kind for message in skeleton.messages for held in _held(message) for kind in _kinds(held)]
    return [Slot(at + 1, at not in skeleton.excluded, holds, key) for at, (holds, key) in enumerate(kinds)]


def _kinds(held: Holds, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(held, ObjectShape):
        for name, part in held.parts:
            if not isinstance(part, str):
                yield from _kinds(part, f"{key}.{name}" if key else name)
    else:
        yield (STAMP if isinstance(held, Stamp) else TEXT), key


def marked(skeleton: Skeleton) -> list[tuple[str, list[str | Slot]]]:
    """Each message's role, and its constant texts and slots in turn; of an object, the JSON around its slots."""
    slots = iter(slots_of(skeleton))
    return [(message.role, list(_joined(_marked(message, slots)))) for message in skeleton.messages]


def _marked(message: SkeletonMessage, slots: Iterator[Slot]) -> Iterator[str | Slot]:
    yield message.statics[0]
    for held, static in zip(_held(message), message.statics[1:], strict=True):
        yield from _object_marked(held, slots) if isinstance(held, ObjectShape) else (next(slots),)
        yield static


def _object_marked(shape: ObjectShape, slots: Iterator[Slot]) -> Iterator[str | Slot]:
    yield "{"
    for at, (key, part) in enumerate(shape.parts):
        yield f"{', ' if at else ''}{canonical_json(key)}: "
        if isinstance(part, ObjectShape):
            yield from _object_marked(part, slots)
        else:
            yield next(slots) if part is None else canonical_json(part)
    yield "}"


def _joined(parts: Iterable[str | Slot]) -> Iterator[str | Slot]:
    """Without empty texts; neighbours are one."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        yield from (text, part) if text else (part,)
        text = ""
    yield from (text,) if text else ()


def _held(message: SkeletonMessage) -> tuple[Holds, ...]:
    return message.holds or (None,) * (len(message.statics) - 1)


def as_form(skeleton: Skeleton, contents: Contents = NOBODY_LOOKED) -> Form:
    writer = _Writer(skeleton, contents)
    return [writer.message(message) for message in skeleton.messages]


class _Writer:
    def __init__(self, skeleton: Skeleton, contents: Contents) -> None:
        self._slots, self._contents = iter(slots_of(skeleton)), contents

    def message(self, message: SkeletonMessage) -> dict[str, object]:
        parts: list[object] = [message.statics[0]]
        for held, static in zip(_held(message), message.statics[1:], strict=True):
            parts += [self._object(held) if isinstance(held, ObjectShape) else self._slot(), static]
        return {"role": message.role, "content": [part for part in parts if part != ""]}

    def _object(self, shape: ObjectShape) -> dict[str, object]:
        keys = {
            key: self._object(part) if isinstance(part, ObjectShape) else self._slot() if part is None else part
            for key, part in shape.parts
        }
        form: dict[str, object] = {"holds": OBJECT, "keys": keys}
        return form | ({"optional": list(shape.optional)} if shape.optional else {})

    def _slot(self) -> dict[str, object]:
        slot = next(self._slots)
        known = {"contents": self._contents[slot.number]} if slot.number in self._contents else {}
        return {"slot": slot.number, "counts": slot.counts, "holds": slot.holds, **known}


def same(one: Skeleton, other: Skeleton) -> bool:
    return as_form(one) == as_form(other)


def counting(skeleton: Skeleton, numbers: Sequence[int]) -> Skeleton:
    """The same template with these slots counting and no others. Raises OperatorError."""
    known = {slot.number for slot in slots_of(skeleton)}
    strange = sorted(set(numbers) - known)
    if strange:
        raise OperatorError(f"there is no slot {strange[0]}: the template has {_listed(known)}")
    return _checked(replace(skeleton, excluded=tuple(sorted(number - 1 for number in known - set(numbers)))))


def read_form(messages: object, original: Skeleton) -> Skeleton:
    """An edit of `original`, whose slots it names by their numbers. Raises OperatorError."""
    if not isinstance(messages, list):
        raise OperatorError("the messages of a template are a list")
    roles = [message.role for message in original.messages]
    if [message.get("role") if isinstance(message, dict) else None for message in messages] != roles:
        raise OperatorError(f"the number of messages and their roles stay as they are: {', '.join(roles)}")
    reader = _Reader(original)
    read = tuple(
        reader.message(given, whole, f"message {at} ({whole.role})")
        for at, (given, whole) in enumerate(zip(messages, original.messages, strict=True), start=1)
    )
    return _checked(reader.skeleton(read))


class _Reader:
    """Collects, in order, which slots the edit has, which of them count, and which number each had before."""

    def __init__(self, original: Skeleton) -> None:
        self._known = {slot.number: slot for slot in slots_of(original)}
        self._repeating = dict(original.repeating)
        self._counts: list[bool] = []
        self._before: list[int | None] = []
        self._last = 0

    def skeleton(self, messages: tuple[SkeletonMessage, ...]) -> Skeleton:
        excluded = tuple(at for at, counts in enumerate(self._counts) if not counts)
        kept = [(at, number - 1) for at, number in enumerate(self._before) if number is not None]
        repeating = tuple((at, self._repeating[before]) for at, before in kept if before in self._repeating)
        return Skeleton(messages, excluded, repeating)

    def message(self, given: Mapping[str, object], original: SkeletonMessage, place: str) -> SkeletonMessage:
        _only(given, MESSAGE_KEYS, place)
        parts = given.get("content")
        if not isinstance(parts, list):
            raise OperatorError(f"the content of {place} is a list of constant texts and slots")
        statics, holds = [""], list[Holds]()
        for part in parts:
            if isinstance(part, str):
                statics[-1] += part
                continue
            if holds and not statics[-1]:
                raise OperatorError(f"two slots of {place} touch each other: a constant text must stand between them")
            holds.append(self._hole(part, original, place))
            statics.append("")
        return SkeletonMessage(original.role, tuple(statics), tuple(holds) if any(holds) else ())

    def _hole(self, part: object, original: SkeletonMessage, place: str) -> Holds:
        if not isinstance(part, dict):
            raise OperatorError(f"{place} holds {part!r}, which is neither a constant text nor a slot")
        if "keys" not in part:
            return self._slot(part, place)
        shape = self._object(part, place)
        if shape not in original.holds:
            raise OperatorError(
                f"a JSON object in {place} has another shape than the template's: leave its keys and their constant "
                'texts as they are, or put {"slot": null} in its place'
            )
        return shape

    def _object(self, part: Mapping[str, object], place: str) -> ObjectShape:
        place = f"a JSON object in {place}"
        _only(part, OBJECT_KEYS, place)
        keys, optional = part["keys"], part.get("optional", [])
        if not isinstance(keys, dict) or not isinstance(optional, list) or part.get("holds", OBJECT) != OBJECT:
            raise OperatorError(f'{place} has an object of "keys" and a list of those that are "optional"')
        return ObjectShape(tuple((key, self._part(value, place)) for key, value in keys.items()), tuple(optional))

    def _part(self, value: object, place: str) -> "str | ObjectShape | None":
        if isinstance(value, str):
            return value
        if not isinstance(value, dict):
            raise OperatorError(f"{place} holds {value!r}, which is neither a constant text nor a slot")
        if "keys" in value:
            return self._object(value, place)
        if self._slot(value, place) is not None:
            raise OperatorError(f"the slots of {place} hold text")
        return None

    def _slot(self, part: Mapping[str, object], place: str) -> Holds:
        _only(part, SLOT_KEYS, f"a slot in {place}")
        number = part.get("slot")
        before = self._numbered(number, place)
        counts = part.get("counts", before.counts if before else True)
        holds = part.get("holds", before.holds if before else TEXT)
        if not isinstance(counts, bool):
            raise OperatorError(f"whether a slot in {place} counts is true or false, not {counts!r}")
        if holds not in (TEXT, STAMP):
            raise OperatorError(f'a slot in {place} holds "text" or "stamp" (a date, a time or an id), not {holds!r}')
        self._counts.append(counts)
        self._before.append(before.number if before else None)
        return Stamp() if holds == STAMP else None

    def _numbered(self, number: object, place: str) -> Slot | None:
        if number is None:
            return None
        if isinstance(number, bool) or not isinstance(number, int) or number not in self._known:
            known = _listed(self._known) if self._known else "none"
            raise OperatorError(f"there is no slot {number!r} in {place}: the template has {known}; a new one is null")
        if number <= self._last:
            raise OperatorError(f"slot {number} in {place} stands twice or out of order: a new one has the number null")
        self._last = number
        return self._known[number]


def _checked(skeleton: Skeleton) -> Skeleton:
    """Refuses what no student could read; what is known of slots that count no more is forgotten."""
    if len(skeleton.excluded) == skeleton.slots:
        raise OperatorError("at least one slot must count: a student would have nothing to read")
    repeating = tuple(pair for pair in skeleton.repeating if pair[0] not in skeleton.excluded)
    return replace(skeleton, repeating=repeating)


def _only(given: Mapping[str, object], known: frozenset[str], place: str) -> None:
    strange = sorted(given.keys() - known)
    if strange:
        raise OperatorError(f"{place} has an unknown key {strange[0]!r}; it may have {', '.join(sorted(known))}")


def _listed(numbers: Sequence[int] | Mapping[int, object] | set[int]) -> str:
    return f"slots {', '.join(map(str, sorted(numbers)))}" if len(numbers) > 1 else f"slot {min(numbers)} only"
