"""What a version's verdicts say its state is, and what they tell people. Knows no store: rows in, rows out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from shadowbert.domain.records import VerdictRow, VersionRow
from shadowbert.errors import StoreError
from shadowbert.flow.named import NamesPort, named

LATEST = 1_000
"""Verdicts that people are told of at once."""


class VerdictsPort(NamesPort, Protocol):
    def verdicts(self, version_ids: Sequence[str], *, limit: int = LATEST) -> Sequence[VerdictRow]: ...


@dataclass(frozen=True, slots=True)
class Told:
    """A verdict with the name that its task has now."""

    task: str
    row: VerdictRow

    def to_json(self) -> dict[str, object]:
        row, verdict = self.row, self.row.verdict
        return {
            "task": self.task,
            "version": row.version_id,
            "epoch": row.epoch,
            "at": row.at,
            "seq": row.seq,
            "by": row.by,
            "ruling": verdict.ruling.value,
            "move": verdict.move.value,
            "stage_before": row.stage_before.value,
            "stage_after": verdict.stage.value if verdict.stage else None,
            "share": verdict.share,
            "candidate": row.candidate_id,
            "champion": row.champion,
            "forced": row.forced,
            "held": row.held,
            "unaudited": row.unaudited,
            "frozen": row.frozen,
            "alarms_off": row.alarms_off,
            "reason": verdict.reason,
            "why": row.why,
            "missing": verdict.missing,
            "numbers": verdict.numbers,
        }


def chronicle(tasks: VerdictsPort, name: str, *, limit: int = LATEST) -> list[Told]:
    """The latest verdicts on a task, all of its versions together, oldest first. Raises as `named`."""
    versions = {version.id: version for version in named(tasks, name)}
    return [Told(versions[row.version_id].task, row) for row in tasks.verdicts([*versions], limit=limit)]


def replay(founded: VersionRow, verdicts: Iterable[VerdictRow]) -> VersionRow:
    """The version's state after these verdicts, oldest first, on the state it was founded with.

    Raises StoreError where one of them does not follow on the one before: a verdict is missing, or was written by hand.
    """
    state = founded
    for row in verdicts:
        if (row.version_id, row.epoch, row.stage_before) != (state.id, state.epoch + 1, state.stage):
            raise StoreError(f"verdict {row.id} of task {founded.task} does not follow on epoch {state.epoch}")
        stage = row.verdict.stage or state.stage
        share = state.share if row.verdict.share is None else row.verdict.share
        state = replace(
            state,
            stage=stage,
            share=share,
            epoch=row.epoch,
            stage_seq=state.stage_seq if state.stays(stage, share, row.champion) else row.seq,
            candidate_id=row.champion,
            forced=row.forced,
            held=row.held,
            unaudited=row.unaudited,
            frozen=row.frozen,
            alarms_off=row.alarms_off,
        )
    return state
