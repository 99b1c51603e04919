"""Matches calls against the skeletons of tasks, and says what their input is. Finds no skeletons."""

from collections.abc import Sequence

from shadowbert.domain.template import SLOT_SEPARATOR, Holds, ObjectShape, Prompt, Skeleton, SkeletonMessage
from shadowbert.recognition.objects import read_object, read_slots
from shadowbert.recognition.stamps import is_stamp

_MARK = SLOT_SEPARATOR.rstrip("\n")
_NO_MARK = _MARK.replace("\n", "\n ")


def match(skeleton: Skeleton, prompt: Prompt) -> tuple[str, ...] | None:
    """The content of the slots in order, or None. Where a constant occurs twice its first occurrence counts."""
    if len(skeleton.messages) != len(prompt):
        return None
    slots: list[str] = []
    for at, shape in enumerate(skeleton.messages):  # the hot path: half the cost of a strict zip
        message = prompt[at]
        if shape.role != message.role or not match_text(shape, message.text, slots):
            return None
    return tuple(slots)


def input_text(skeleton: Skeleton, slots: Sequence[str]) -> str:
    """What a student reads of a call. A mark between two slots that a caller wrote into one is indented, so is none."""
    counted = skeleton.counted(slots) if skeleton.excluded else slots
    text = SLOT_SEPARATOR.join(counted)
    if text.count(_MARK) < len(counted) or len(counted) == 1 or text.split(SLOT_SEPARATOR) == [*counted]:
        return text
    return SLOT_SEPARATOR.join(slot.replace(_MARK, _NO_MARK) for slot in counted)


def match_text(shape: SkeletonMessage, text: str, slots: list[str]) -> bool:
    """Appends the slots of one message; False where it does not fit."""
    if not shape.holds:
        return match_statics(shape.statics, text, slots)
    whole: list[str] = []
    if not match_statics(shape.statics, text, whole):
        return False
    return all(_unpack(held, content, slots) for held, content in zip(shape.holds, whole, strict=True))


def match_statics(statics: tuple[str, ...], text: str, slots: list[str]) -> bool:
    """Appends what stands between the statics, objects as their text."""
    first, last = statics[0], statics[-1]
    if len(statics) == 1:
        return text == first
    if not text.endswith(last) or not text.startswith(first):
        return False
    start, end = len(first), len(text) - len(last)
    if start > end:
        return False
    for static in statics[1:-1]:
        at = text.find(static, start, end)
        if at < 0:
            return False
        slots.append(text[start:at])
        start = at + len(static)
    slots.append(text[start:end])
    return True


def _unpack(held: Holds, content: str, slots: list[str]) -> bool:
    if isinstance(held, ObjectShape):
        return read_slots(held, read_object(content), slots)
    slots.append(content)
    return held is None or is_stamp(content)
