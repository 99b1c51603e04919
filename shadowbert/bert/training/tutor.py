"""Teaches courses where the operator wants them taught: in this process on one device, or by several ranks.

Refuses to know what is taught.
"""

from dataclasses import dataclass
from pathlib import Path

from shadowbert.bert.training.course import Course, attend
from shadowbert.bert.training.device import Place, start
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.finetune import Tuned
from shadowbert.bert.training.ranks import teach


@dataclass(frozen=True, slots=True)
class Tutor:
    place: Place
    folder: Path
    """For what ranks are handed."""

    def teach(self, encoder: Encoder, course: Course) -> Tuned:
        """Trains the encoder in place; it is on the CPU before and after. Raises RankDied."""
        if self.place.ranks > 1:
            return teach(encoder, course, self.place, self.folder)
        return attend(encoder, course, start(self.place.device))
