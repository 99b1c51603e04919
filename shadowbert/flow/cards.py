"""Which student's model card people are shown, and what it says of a task that a student covers little of.

Puts counts into words; knows no files: a card is asked for by its student's place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shadowbert.domain.card import Card, FieldCard
from shadowbert.domain.records import StudentRow
from shadowbert.flow.material import Material
from shadowbert.gating.wording import percent

Cards = Callable[[str], Card | None]
"""The card of a student by where its files lie; None where there is none."""

LOW = 0.5
"""Coverage below which a reason is due."""
MOST = 6


@dataclass(frozen=True, slots=True)
class Described:
    """A student by its number, and its card."""

    student: int
    card: Card

    @property
    def confusions(self) -> list[str]:
        """The most frequent, in words; named by field where there are several."""
        several = len(self.card.fields) > 1
        return [f"{c.field}: {c.words}" if several else c.words for c in self.card.confusions(MOST)]

    @property
    def recipe(self) -> str:
        """What it is made of, in one sentence."""
        card = self.card
        others = [expert for expert, own in card.shares.items() if any(own.values())]
        beside = f", beside it {' and '.join(others)}" if others else ""
        encoder = f"{card.encoder} encoder" if card.encoder == "bundled" else card.encoder
        return f"{card.recipe} on the {encoder}, {card.pooling} pooling{beside}; served in {card.variant}"

    @property
    def calibration(self) -> str:
        off = percent(self.card.calibration_error)
        return f"its confidence is {off} off on average, on {self.card.agreed.rows:,} examples that it was judged on"

    def judged(self, field: FieldCard) -> str:
        own = field.agreed
        between = f"between {percent(own.low)} and {percent(own.high)}"
        return f"{own.right:,} of {own.rows:,} agree ({percent(own.share)}, {between})"

    def to_json(self) -> dict[str, Any]:
        told = {"student": self.student, "confusions": self.confusions}
        return self.card.to_json() | told


def described(cards: Cards, students: Sequence[StudentRow], number: int | None) -> Described | None:
    """The student of this number, else the newest that has a card."""
    asked = [student for student in students if student.number == number] or students[::-1]
    found = ((student, cards(student.artifact)) for student in asked)
    return next((Described(student.number, card) for student, card in found if card), None)


def why_low(coverage: float | None, target: float, material: Material, shown: Described | None) -> str:
    """Why a student covers little; empty where it covers enough, or nothing is known of it."""
    if coverage is None or coverage >= LOW or shown is None:
        return ""
    told, ceiling = [], material.ceiling.share
    if ceiling is not None and ceiling < target:
        told.append(f"the LLM agrees with itself on {percent(ceiling)} only")
    confusions = shown.card.confusions(3)
    if confusions:
        wrong = sum(field.agreed.rows - field.agreed.right for field in shown.card.fields)
        rows = sum(confusion.rows for confusion in confusions)
        pairs = "; ".join(f"{c.said} said for {c.meant}" for c in confusions)
        told.append(f"{rows:,} of {wrong:,} disagreements are {pairs}")
    if not told:
        told.append("the student is right but not sure: more examples help")
    return f"coverage is low, {percent(coverage)}: {', and '.join(told)}"
