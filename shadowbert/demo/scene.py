"""What there is to see of a demonstration at one moment, as numbers and words. Draws nothing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from shadowbert.demo.bill import Bill, bill
from shadowbert.demo.caller import Noted
from shadowbert.demo.progress import Progress
from shadowbert.demo.upstream import MEDIAN_MS, Upstream
from shadowbert.domain.task import Stage
from shadowbert.gating.wording import percent

RECENT = 50


@dataclass(frozen=True, slots=True)
class Scene:
    elapsed_s: float
    calls: Sequence[Noted]
    progress: Progress
    upstream: Upstream
    model: str
    target: float
    enough: int
    """Examples until the first training."""
    note: str = ""
    """Said instead of the phase: before the first call, and at the end."""

    @property
    def local(self) -> int:
        return sum(call.local for call in self.calls)

    @property
    def failed(self) -> int:
        return sum(not call.answered for call in self.calls)

    @property
    def recent_local_share(self) -> float:
        latest = self.calls[-RECENT:]
        return sum(call.local for call in latest) / len(latest) if latest else 0.0

    @property
    def bill(self) -> Bill | None:
        return bill(self.calls, self.model)

    def median_ms(self, *, local: bool) -> float | None:
        """As the caller waited, on this machine."""
        waits = [call.ms for call in self.calls if call.answered and call.local is local]
        return median(waits) if waits else None

    @property
    def phase(self) -> str:
        """What is going on and what is waited for, in one sentence."""
        if self.note:
            return self.note
        stage, task = self.progress.stage, self.progress.task
        if stage is Stage.COLLECTING:
            return _collecting(self.progress, self.enough)
        if stage is Stage.LIVE:
            return "live: the student answers what it is sure of; these messages are new to it"
        if task is None or stage not in (Stage.SHADOW, Stage.CANARY):
            return f"{stage}"
        if stage is Stage.CANARY:
            return (
                f"canary: the student answers {percent(task.share)} of what it is sure of; still needed: {task.missing}"
            )
        return f"shadow: the student predicts logged calls, the LLM answers; still needed: {task.missing}"

    def llm_latency(self) -> str:
        here = self.median_ms(local=False)
        if here is None:
            return "no call yet"
        if not self.upstream.simulated:
            return f"{here:.0f} ms"
        return f"{MEDIAN_MS:.0f} ms (simulated, uncompressed value; {here:.0f} ms here)"


def _collecting(progress: Progress, enough: int) -> str:
    job = progress.task.training if progress.task else None
    if progress.training and job is not None:
        seconds = max(0.0, time.time() - job.created_at)
        return f"training a student on {job.examples or progress.examples} examples for {seconds:.0f} s; calls trickle"
    if progress.task is None:
        return "calls are logged; nobody said yet that they are one task"
    if progress.examples < enough:
        return f"collecting: {progress.examples} of {enough} examples until the first student"
    return f"collecting: {progress.task.missing}"
