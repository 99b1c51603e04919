"""Watches over a training child, whether it still does anything.

Exporting an encoder says nothing for long and works all the while, so a sign of life is a word or work: a line that
was written, or processor time used. A deadlock, a stopped process and a dead file system give neither. A child that
only burns its processor is believed for much longer, not for ever. Knows no jobs.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil

WORK_S = 1.0
"""Processor time that counts as work: a child that waits for ever wakes now and then."""
SILENCE = 12
"""Times the patience that a child may work without a word."""


@dataclass(slots=True)
class Vigil:
    patience_s: float
    clock: Callable[[], float] = time.monotonic
    _word: tuple[int, float] = (-1, 0.0)
    """Lines at the latest one, and when that was seen."""
    _sign: tuple[float, float] = (0.0, 0.0)
    """Processor time at the latest sign of life, and when that was seen."""

    def stuck(self, lines: int, worked_s: float) -> str:
        """What is wrong with a child that has said so many lines and used so much processor time; empty where nothing
        is.
        """
        now = self.clock()
        if lines != self._word[0]:
            self._word, self._sign = (lines, now), (worked_s, now)
        elif worked_s - self._sign[0] >= WORK_S:
            self._sign = (worked_s, now)
        if now - self._sign[1] >= self.patience_s:
            return f"neither a word nor work for {_minutes(self.patience_s)}"
        return f"no word for {_minutes(SILENCE * self.patience_s)}" if self._silent(now) else ""

    def _silent(self, now: float) -> bool:
        return now - self._word[1] >= SILENCE * self.patience_s


def worked(pid: int) -> float:
    """Processor seconds of a process and its children so far; 0 where it has ended."""
    with suppress(psutil.Error):
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system + times.children_user + times.children_system
    return 0.0


def _minutes(seconds: float) -> str:
    """In words.

    >>> _minutes(600), _minutes(60), _minutes(1.5)
    ('10 minutes', '1 minute', '1.5 seconds')
    """
    if seconds < 60:
        return f"{seconds:g} seconds"
    minutes = round(seconds / 60)
    return f"{minutes} minute{'s' * (minutes != 1)}"
