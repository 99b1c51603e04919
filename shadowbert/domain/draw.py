"""Calls drawn at random for a person to answer, who is shown neither what the teacher said nor what a student did."""

from dataclasses import dataclass

from shadowbert.domain.contract import Answer


@dataclass(frozen=True, slots=True)
class DrawRow:
    """One drawn call (written by operators). It outlives its call: what certified once stays what it was."""

    exchange_id: str
    version_id: str
    input_hash: str
    teacher: Answer
    """What the LLM said, as it was when the call was drawn."""
    seed: int
    drawn_by: str
    drawn_at: float
    answer: Answer | None = None
    """What the person said; None before that, and where the person could not say."""
    told_by: str | None = None
    told_at: float | None = None

    @property
    def skipped(self) -> bool:
        return self.told_at is not None and self.answer is None


@dataclass(frozen=True, slots=True)
class Judged:
    """A drawn call that a person has dealt with, beside what a candidate had said of it."""

    seq: int
    person: Answer | None
    """None where the person could not say."""
    teacher: Answer
    student: Answer
    in_slice: bool
    fresh: bool
    """The student met this input there for the first time, and was not trained on it."""

    @property
    def right(self) -> bool:
        return self.student == self.person
