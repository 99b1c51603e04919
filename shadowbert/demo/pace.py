"""How fast to call, given how far the server is: may the next message go out.

On two cores the caller, the server, the upstream and the training share the processor, so calls wait for the work that
they cause. Refuses to know who calls and how.
"""

from dataclasses import dataclass

from shadowbert.demo.progress import Progress
from shadowbert.domain.task import Stage


@dataclass(frozen=True, slots=True)
class Pace:
    at_once: int
    """Calls under way together."""
    lead: int
    """Calls that the worker may be behind."""
    every_s: float = 0.0
    """The least time from one call to the next."""

    def allows(self, *, under_way: int, ahead: int, since_s: float) -> bool:
        """`ahead`: calls made that the worker has not looked at; `since_s`: seconds since the last call went out."""
        return under_way < self.at_once and ahead < self.lead and since_s >= self.every_s


FAST = Pace(at_once=8, lead=100)
TRICKLE = Pace(at_once=1, lead=100, every_s=3.0)
STEADY = Pace(at_once=4, lead=40)
CAREFUL = Pace(at_once=2, lead=16)


def pace_of(progress: Progress, enough: int) -> Pace:
    """While the first student is trained, on `enough` examples, only a trickle goes on."""
    if progress.stage is Stage.COLLECTING:
        return TRICKLE if progress.training and progress.examples >= enough else FAST
    if progress.stage is Stage.CANARY:
        return CAREFUL
    return FAST if progress.stage is Stage.LIVE else STEADY
