"""What a version's verdicts say its state is. Knows no store: rows in, a row out."""

from collections.abc import Iterable
from dataclasses import replace

from shadowbert.domain.records import VerdictRow, VersionRow
from shadowbert.errors import StoreError


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
        )
    return state
