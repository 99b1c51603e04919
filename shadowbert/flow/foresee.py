"""What a policy would make of a task, told from stored predictions: nothing is inferred, moved or written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shadowbert.domain.evidence import Counts, Move
from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Policy, Stage
from shadowbert.flow.evidence import stand
from shadowbert.flow.keys import in_words
from shadowbert.flow.ledger import Work
from shadowbert.flow.settle import Entry, Plan
from shadowbert.gating.eprocess import alpha_share, rows_to_pass
from shadowbert.gating.wording import calls, percent


@dataclass(frozen=True, slots=True)
class Prospect:
    """A candidate as it would stand; a new one has no rows of its own yet."""

    number: int
    student: int
    threshold: float
    coverage: float | None
    passes: bool
    said: str
    missing: str
    new: bool = False
    serving: bool = False


@dataclass(frozen=True, slots=True)
class Foresight:
    """One version under a policy."""

    version: VersionRow
    policy: Policy
    asked: tuple[str, ...]
    """The keys that the question is about."""
    prospects: tuple[Prospect, ...]
    outcome: str

    @property
    def coverage(self) -> float | None:
        """Of who serves, else of the widest that passed, else of the widest there is."""
        ranked = sorted(self.prospects, key=lambda p: (p.serving, p.passes, p.coverage or 0.0))
        return ranked[-1].coverage if ranked else None

    @property
    def words(self) -> str:
        """In one line."""
        what = ", ".join(f"{key} {in_words(key, self.policy)}" for key in self.asked) or "the policy as it is"
        covered = "" if self.coverage is None else f"{percent(self.coverage)} coverage, "
        return f"with {what}: {covered}{self.outcome}"


def foresee(work: Work, version: VersionRow, settled: Plan, policy: Policy, asked: Sequence[str]) -> Foresight:
    prospects = (*_present(work, version, settled, policy), *_coming(work, version, settled, policy))
    return Foresight(version, policy, tuple(asked), prospects, _outcome(version, settled, policy, prospects))


def _present(work: Work, version: VersionRow, settled: Plan, policy: Policy) -> Iterator[Prospect]:
    gone = {candidate.id for candidate in settled.retired}
    for candidate in work.candidates.active(version.id):
        if candidate.id in gone:
            continue
        standing, student = stand(work, version, candidate, policy), work.students.get(candidate.student_id)
        yield Prospect(
            number=candidate.number,
            student=student.number if student else 0,
            threshold=candidate.slice.threshold,
            coverage=standing.coverage,
            passes=standing.verdict.move is Move.PROMOTE,
            said=standing.verdict.reason,
            missing=standing.verdict.missing,
            serving=version.stage.serves and candidate.id == version.candidate_id and not settled.falls,
        )


def _coming(work: Work, version: VersionRow, settled: Plan, policy: Policy) -> Iterator[Prospect]:
    first = work.candidates.next_number(version.task_id)
    for number, entry in enumerate(settled.entries, start=first):
        rows = rows_to_pass(Counts(), policy.target, alpha=alpha_share(number, policy.alpha))
        yield _newcomer(number, entry, max(rows, policy.min_rows))


def _newcomer(number: int, entry: Entry, rows: int) -> Prospect:
    return Prospect(
        number=number,
        student=entry.student.number,
        threshold=entry.served.threshold,
        coverage=entry.coverage,
        passes=False,
        said="A new candidate: its evidence begins with the next call.",
        missing=f"about {rows} agreeing {calls(rows)}",
        new=True,
        serving=entry.champion,
    )


def _outcome(version: VersionRow, settled: Plan, policy: Policy, prospects: Sequence[Prospect]) -> str:
    if version.stage in (Stage.PAUSED, Stage.OFF):
        return f"would stay {version.stage}"
    if version.stage.serves:
        return _serving(settled)
    if version.held:
        return "would wait for somebody to resume the task"
    if any(prospect.passes for prospect in prospects):
        return "would be promoted" if policy.autopilot else "would wait for a cutover"
    return "would hold" if prospects else "would hold: there is no candidate yet"


def _serving(settled: Plan) -> str:
    if settled.falls:
        return "would go back to the LLM until it is shown to be above the target"
    if any(entry.champion for entry in settled.entries):
        return "would go on serving less, in red until the gate has agreed to that"
    return "would go on serving"
