"""Keeps count of how often a live champion is sure, call by call in load sequence, from one look to the next.

What is known so far lies in the champion's own mark, with the sequence it was counted to: it follows from the rows up
to there alone, so it is the same whoever counted, and however often somebody looked. Judges nothing.
"""

import json
from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter

from shadowbert.domain.evidence import Counts
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Stage
from shadowbert.flow.ledger import Work
from shadowbert.gating.escalations import Escalations

AT_ONCE = 5_000
"""Calls that one look reads; what is left waits for the next."""
_SEQ = itemgetter(0)


def follow(work: Work, version: VersionRow, champion: CandidateRow, *, at_once: int = AT_ONCE) -> None:
    """Count what has come since the last look: calls that the champion was asked, and audits of its slice.

    In canary there is nothing to buy: most calls are compared anyway. What the champion was sure of before it went live
    is the first reference; calls on which it is known to disagree are among those, and no longer among these.
    """
    if version.stage is not Stage.LIVE:
        return
    after, until = work.marks.seq(champion.id) or version.stage_seq, work.candidates.cursor(champion.id)
    calls = work.calls.consulted(version.id, champion.id, after=after, until=until, limit=at_once)
    if len(calls) == at_once:
        until = calls[-1][0]
    audits = [seq for seq, _ in work.predictions.audits(champion.id, after) if seq <= until]
    if not calls and not audits:
        return
    watch = known(work, champion) or _begun(work, version, champion)
    _count(watch, calls, audits)
    work.marks.set(champion.id, seq=until, note=json.dumps(watch.to_json()))


def known(work: Work, champion: CandidateRow) -> Escalations | None:
    """As of the last look; None before the first."""
    note = work.marks.note(champion.id)
    return None if note is None else Escalations.from_json(json.loads(note))


def _begun(work: Work, version: VersionRow, champion: CandidateRow) -> Escalations:
    inside, uniform = work.predictions.coverage(champion.id, until=version.stage_seq)
    return Escalations(reference=Counts(agree=inside, disagree=uniform - inside))


def _count(watch: Escalations, calls: Sequence[tuple[int, bool]], audits: Sequence[int]) -> None:
    """In load sequence."""
    counted = 0
    for audit in audits:
        before = bisect_left(calls, audit, key=_SEQ)
        watch.see([sure for _, sure in calls[counted:before]])
        watch.audited()
        counted = before
    watch.see([sure for _, sure in calls[counted:]])
