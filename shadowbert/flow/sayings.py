"""A candidate's evidence by what it said; where it serves in its forerunner's place, with what that said before it."""

from shadowbert.domain.contract import Answer
from shadowbert.domain.evidence import Counts
from shadowbert.domain.records import CandidateRow, VersionRow
from shadowbert.domain.task import Policy
from shadowbert.flow.candidates import forerunner
from shadowbert.flow.ledger import Work
from shadowbert.flow.people import people_rows, tally


def evidence_by_answer(
    work: Work, candidate: CandidateRow, policy: Policy, *, since: int | None = None
) -> dict[Answer, Counts]:
    """What its promotion rests on, by what it said, and every audit after the load sequence since which it serves."""
    if not policy.by_people:
        return work.predictions.tally(candidate.id, since=since)
    return tally(people_rows(work, candidate, since=since))


def evidence_of(
    work: Work, version: VersionRow, candidate: CandidateRow, policy: Policy, *, repeats: bool = True
) -> dict[Answer, Counts]:
    """With every audit since it serves, unless each input is to count once (`repeats`)."""
    serves = version.stage.serves and version.candidate_id == candidate.id
    since = work.tasks.champion_since(version.id, candidate.id) if serves and repeats else None
    found = evidence_by_answer(work, candidate, policy, since=since)
    later, before = candidate, forerunner(work, candidate) if serves and not policy.by_people else None
    while before is not None:
        for answer, counts in work.predictions.tally(before.id, until=later.start_seq).items():
            if candidate.slice.takes(answer, 1.0):
                had = found.get(answer, Counts())
                found[answer] = Counts(had.agree + counts.agree, had.disagree + counts.disagree)
        later, before = before, forerunner(work, before)
    return found
