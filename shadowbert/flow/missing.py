"""What stands between a task and its next step, in words. Decides nothing."""

from collections.abc import Iterable
from typing import Protocol

from shadowbert.domain.records import TrainingJob, VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.cadence import Next
from shadowbert.flow.material import Material

STOPPED = {
    Stage.PAUSED: "an operator's resume: the task is paused",
    Stage.OFF: "an operator's resume: the task is switched off",
}
HELD = "an operator's resume: the task was rolled back"
TAKES_OVER = "an operator's cutover: candidate {} may take over and would answer more, and autopilot is set to ask"
UNDER_WAY = {"running": "a student: one is being trained", "queued": "a student: a training is queued"}
DUE = "a student: a training is due"


class Waits(Protocol):
    """A candidate that may take over as soon as an operator says so."""

    @property
    def number(self) -> int: ...
    @property
    def ready(self) -> bool: ...


def until_operator(version: VersionRow, candidates: Iterable[Waits], policy: Policy) -> str:
    """Empty where no operator's word is waited for."""
    if version.stage in STOPPED:
        return STOPPED[version.stage]
    if version.held:
        return HELD
    waits = next((candidate.number for candidate in candidates if candidate.ready), None)
    return "" if waits is None or policy.autopilot else TAKES_OVER.format(waits)


def until_student(job: TrainingJob | None, examples: int, following: Next, known: Material, policy: Policy) -> str:
    """What a task without a candidate waits for, from so many examples on."""
    if job is not None and job.waiting:
        return f"a better student, the next is trained at {job.waits_for:,} examples: {job.cause}"
    if job is not None and job.state in UNDER_WAY:
        return UNDER_WAY[job.state]
    if known.nothing_to_tell and examples >= policy.first_training:
        return f"a student: {known.nothing_to_tell}"
    if job is not None:
        planned = f"the next is trained at {following.examples:,} examples" if following.examples else following.why
        return f"a better student, {planned}; {job.message}"
    more = policy.first_training - examples
    return f"{more:,} more example{'s' * (more != 1)} until the first student" if more > 0 else DUE
