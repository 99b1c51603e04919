"""What the child tells its parent: one JSON object a line on standard output."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

EVERY_S = 1.0


def emit(event: str, **facts: object) -> None:
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()


@dataclass(slots=True)
class Steps:
    """A loop of known length that tells how far it is: at its first and last step, and every second in between."""

    recipe: str
    of: int
    clock: Callable[[], float] = time.monotonic
    foresees: bool = True
    """Whether what is left of the training is known by what is left of the loop."""
    _step: int = 0
    _began: float = field(init=False)
    _told: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._told = self.clock()

    def done(self, **facts: object) -> None:
        """One more step is; what is left takes as long a step as those before did."""
        self._step += 1
        now = self.clock()
        if 1 < self._step < self.of and now - self._told < EVERY_S:
            return
        self._told = now
        if self.foresees:
            left = (now - self._began) / self._step * (self.of - self._step)
            facts |= {"seconds_left": round(left, 1)}
        emit("step", recipe=self.recipe, step=self._step, of=self.of, **facts)
