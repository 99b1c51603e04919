"""What an operator may do to learn how often the teacher agrees with itself: have it asked past inputs again.

The inputs are drawn at random from all that the version was ever asked, each once: in the order of a hash that has
nothing to do with their answers, so that asking until one likes what one hears only makes the sample larger. Somebody
else asks; knows no HTTP.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.contract import Answer
from shadowbert.domain.evidence import Move, Ruling, Verdict
from shadowbert.domain.records import CallRow, ExampleRow, ProbeRow, VersionRow
from shadowbert.domain.route import Decider
from shadowbert.domain.task import Policy
from shadowbert.errors import OperatorError
from shadowbert.flow.carryover import Question, Questions, Replied, answer_of, questions
from shadowbert.flow.ceiling import Ceilings, ceilings
from shadowbert.flow.ledger import Ledger, Work
from shadowbert.flow.material import NOBODY_KNOWS
from shadowbert.flow.named import by_id, in_force, named
from shadowbert.flow.operate import Operator, noted, sentence
from shadowbert.flow.rule import rule

CHOSEN = (Decider.STUDENT, Decider.CLIENT)
"""Asked because of what a student or a header said: no fair sample."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which version's teacher is to be asked what."""

    task: str
    version: str
    questions: Questions
    left: int
    """Past inputs that it was not asked again so far, these among them."""


@dataclass(frozen=True, slots=True)
class Known:
    """How often a version's teacher agrees with itself, as far as anybody knows."""

    task: str
    version: str
    target: float
    ceilings: Ceilings

    def sentences(self) -> list[str]:
        """Last what it means for the target."""
        found = [*self.ceilings.sentences()] or [NOBODY_KNOWS]
        means = self.ceilings.impossible(self.target) or self.ceilings.doubtful(self.target)
        return [*found, means] if means else found


@dataclass(frozen=True, slots=True)
class Probed:
    """What came of it. `known` counts earlier probes too."""

    equal: int
    rows: int
    unfit: Mapping[str, int]
    unanswered: int
    known: Known


@dataclass(frozen=True, slots=True)
class Probe:
    """Every command raises UnknownTask, or OperatorError with the reason why nothing can be asked."""

    ledger: Ledger
    policy: Policy
    clock: Callable[[], float]

    def known(self, task: str, version_id: str = "") -> Known:
        """What repeats and earlier probes say, without asking anybody."""
        with self.ledger.read() as work:
            return _known(work, _version(work, task, version_id), self.policy)

    def plan(self, task: str, count: int, version_id: str = "") -> Plan:
        """As many past inputs as are to be asked again, or as many as there are."""
        with self.ledger.read() as work:
            version = _version(work, task, version_id)
            asked_before = {row.input_hash for row in work.probes.of_version(version.id)}
            waiting = _first_answers(work, version, asked_before)
            asked = questions(work, version, waiting, count)
        if not asked.every:
            raise OperatorError(f"version {version.id} of task {task} has no past input that could be asked again")
        return Plan(version.task, version.id, asked, len(waiting))

    def record(self, plan: Plan, replies: Sequence[Replied | None], who: Operator) -> Probed:
        """Keep the answers for good, those that are none too; the verdict holds the counts."""
        pairs = zip(plan.questions.every, replies, strict=True)
        said = [(question, answer_of(plan.questions.like, question, reply)) for question, reply in pairs if reply]
        with self.ledger.write() as work:
            version = by_id(work.tasks.versions(), plan.version)
            work.probes.add([_row(version, question, answer, who, self.clock()) for question, answer in said])
            found = _found(said, unanswered=len(replies) - len(said), known=_known(work, version, self.policy))
            noted(work, version, who, _verdict(found, who), at=self.clock())
        return found


def _known(work: Work, version: VersionRow, policy: Policy) -> Known:
    candidate = version.candidate_id or next((c.id for c in reversed(work.candidates.active(version.id))), None)
    target = rule(work, version.task_id, policy).target
    return Known(version.task, version.id, target, ceilings(work, version, candidate))


def _version(work: Work, task: str, wanted: str) -> VersionRow:
    return by_id(named(work.tasks, task), wanted) if wanted else in_force(work.tasks, task)[-1]


def _first_answers(work: Work, version: VersionRow, asked_before: set[str]) -> list[ExampleRow]:
    """Each past input with the first answer to it, in random order: the answer given most often is no single draw."""
    first: dict[str, ExampleRow] = {}
    for call in work.calls.labelled(version.id):
        if call.decider not in CHOSEN and call.input_hash not in asked_before and call.answer is not None:
            first.setdefault(call.input_hash, _example(call, call.answer))
    return sorted(first.values(), key=_mark)


def _example(call: CallRow, answer: Answer) -> ExampleRow:
    return ExampleRow(call.input_hash, call.input, answer, call.seq, call.exchange_id, repeats=1, agreeing_repeats=1)


def _mark(example: ExampleRow) -> bytes:
    """Has nothing to do with the part that an input is in, nor with any coin."""
    return blake2b(example.input_hash.encode(), digest_size=8, person=b"ceiling").digest()


def _row(version: VersionRow, question: Question, said: Answer | Unfit, who: Operator, at: float) -> ProbeRow:
    again, unfit = (None, said.value) if isinstance(said, Unfit) else (said, None)
    return ProbeRow(version.id, question.call.input_hash, question.old, again, unfit, who.name, at)


def _found(said: Sequence[tuple[Question, Answer | Unfit]], *, unanswered: int, known: Known) -> Probed:
    unfit: dict[str, int] = {}
    for _, answer in said:
        if isinstance(answer, Unfit):
            unfit[answer.value] = unfit.get(answer.value, 0) + 1
    equal = sum(answer == question.old for question, answer in said)
    return Probed(equal, len(said) - sum(unfit.values()), unfit, unanswered, known)


def _verdict(found: Probed, who: Operator) -> Verdict:
    said = sentence("The LLM was asked past inputs again", who)
    figures = {"equal": found.equal, "rows": found.rows, "unfit": sum(found.unfit.values())}
    numbers = {name: float(n) for name, n in (figures | {"unanswered": found.unanswered}).items()}
    reason = f"{said} {found.equal} of {found.rows} answers were the same."
    return Verdict(Ruling.INCONCLUSIVE, Move.STEP, reason, numbers=numbers)
