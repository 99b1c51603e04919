"""Trained models of a task version and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shadowbert.domain.contract import Answer


@dataclass(frozen=True)
class Guess:
    """What a student thinks: an answer with a calibrated probability per field and for the whole."""

    answer: Answer
    confidences: tuple[float, ...]
    joint: float
    distributions: tuple[tuple[float, ...], ...] = field(default=(), compare=False, repr=False)
    """The calibrated probability of every label, a field each; for the reply alone, never logged."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Which guesses may be served: joint confidence at or above the threshold, no excluded label in the answer."""

    threshold: float
    excluded: frozenset[tuple[int, int]] = frozenset()
    """(field index, label index) pairs that always go to the LLM."""

    def holds(self, guess: Guess) -> bool:
        return self.takes(guess.answer, guess.joint)

    def takes(self, answer: Answer, joint: float) -> bool:
        return joint >= self.threshold and not self.excluded.intersection(enumerate(answer))


@dataclass(frozen=True)
class Prediction:
    """A guess on an exchange together with what the policy in force made of it."""

    student_id: str
    candidate_id: str
    guess: Guess
    in_slice: bool
    late: bool = False
    ms: float = 0.0

    def noted(self) -> "Prediction":
        """For the log, which has no use for the probability of every label."""
        guess = Guess(self.guess.answer, self.guess.confidences, self.guess.joint)
        return Prediction(self.student_id, self.candidate_id, guess, self.in_slice, self.late, self.ms)


@dataclass(frozen=True, slots=True)
class Champion:
    """The candidate that a version's policy in force lets serve."""

    student_id: str
    candidate_id: str
    artifact: str
    slice: Slice
    known_disagreements: frozenset[str] = frozenset()
    """Hashes of inputs on which this student is known to disagree with the teacher."""


def joint_confidence(confidences: Sequence[float]) -> float:
    """The confidence of the whole answer: the product over fields (fields taken as independent given the input)."""
    product = 1.0
    for confidence in confidences:
        product *= confidence
    return product
