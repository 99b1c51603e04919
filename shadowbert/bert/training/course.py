"""A course: what an encoder is to learn, from which heads on, and for how long.

Refuses to know where it is taught (`tutor`), and how (`finetune`). Data alone: it can be sent to other
processes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from accelerate import Accelerator

from shadowbert.bert.serving.decode import Floats
from shadowbert.bert.training import scores
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.finetune import Judge, Lesson, Pace, Settings, Tuned, embedded, fine_tune, repeat
from shadowbert.bert.training.heads import Head, head_logits
from shadowbert.bert.training.probe import Ints, log_loss


@dataclass(frozen=True, slots=True)
class Exam:
    """Rows that are not learnt from: token ids a row, labels (rows, fields), weights (rows,), outcomes a field."""

    tokens: Sequence[Sequence[int]]
    labels: Ints
    weights: Floats
    sizes: tuple[int, ...]

    def judge(self, encoder: Encoder) -> Judge:
        """Joint agreement, and the weighted mean of the true labels' log probabilities."""

        def judge(heads: Sequence[Head]) -> tuple[float, float]:
            logits = head_logits(heads, embedded(encoder, self.tokens), self.sizes)
            guessed = scores.guesses(logits, (1.0,) * len(heads))
            lost = sum(log_loss(own, self.labels[:, field], self.weights) for field, own in enumerate(logits))
            return scores.agreement(guessed, self.labels, self.weights), -lost

        return judge


@dataclass(frozen=True, slots=True)
class Course:
    heads: Sequence[Head]
    lesson: Lesson
    settings: Settings
    until: Exam | int
    """The epoch that is best in the exam, or so many epochs."""
    lot: str = "all examples"
    """What it is taught by, for people who watch."""


def attend(encoder: Encoder, course: Course, accelerator: Accelerator) -> Tuned:
    """Train the encoder in place; it ends on the CPU."""
    heads, lesson, settings, until = course.heads, course.lesson, course.settings, course.until
    if isinstance(until, int):
        pace = Pace(settings, until, course.lot)
        return Tuned(repeat(encoder, heads, lesson, pace=pace, accelerator=accelerator), until)
    judge = until.judge(encoder)
    return fine_tune(encoder, heads, lesson, settings=settings, judge=judge, accelerator=accelerator)
