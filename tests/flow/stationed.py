"""A version with a student in a real store, and what the stations of evidence need around it: told agreements in, state
out. Students here say what they are told to say.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from shadowbert.domain.exchange import Exchange
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import CallRow, CandidateRow, VersionRow
from shadowbert.domain.route import Decider, Source
from shadowbert.domain.student import Guess, Prediction, Slice
from shadowbert.domain.task import Policy
from shadowbert.errors import ArtifactInvalid, InputTooLong, StudentError
from shadowbert.flow.candidates import enter
from shadowbert.flow.promote import Promote
from shadowbert.flow.shadow import Shadow
from shadowbert.store.store import Store, StoreSink
from shadowbert.testing.exchanges import an_exchange
from tests.store.rows import AT, a_house, a_student

SHADOWED, AUDITED = Decider.STAGE, Decider.COIN
SURE = 0.99


@dataclass
class ToldShelf:
    """Students that say what `says` holds under `student:text` or the text, else the second label.

    Those in `lost` have no files.
    """

    says: dict[str, Guess] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    ill: set[str] = field(default_factory=set)
    """These say no number."""
    long: set[str] = field(default_factory=set)
    """Texts that no student reads whole."""
    asked: list[str] = field(default_factory=list)

    def guess(self, student_id: str, artifact: str, text: str) -> Guess:
        if student_id in self.lost:
            raise ArtifactInvalid(f"the artifact {artifact} has no manifest")
        if student_id in self.ill:
            raise StudentError("the student's output is not a number")
        if text in self.long:
            raise InputTooLong
        self.asked.append(text)
        return self.says.get(f"{student_id}:{text}") or self.says.get(text) or a_guess()


def a_guess(label: int = 1, joint: float = SURE) -> Guess:
    return Guess((label,), (joint,), joint)


@dataclass
class Bench:
    """The house under test: shadow and promote on one store, and a teacher who says the second label."""

    store: Store
    policy: Policy = field(default_factory=Policy)
    slice: Slice = field(default_factory=lambda: Slice(0.8))
    shelf: ToldShelf = field(default_factory=ToldShelf)
    at: float = AT
    texts: int = 0

    def __post_init__(self) -> None:
        house = a_house(self.store, slice=self.slice)
        self.version_id, self.student, self.first = house.version.id, house.student, house.candidate
        self.shadow = Shadow(self.store, self.shelf, lambda: self.at)
        self.promote = Promote(self.store, self.policy, lambda: self.at)

    @property
    def version(self) -> VersionRow:
        with self.store.read() as work:
            version = work.tasks.version(self.version_id)
        assert version is not None
        return version

    @property
    def candidates(self) -> list[CandidateRow]:
        """Those that still gather evidence."""
        with self.store.read() as work:
            return work.candidates.active(self.version_id)

    def newcomer(self, **changes: Any) -> CandidateRow:
        """Another student with a slice of its own enters."""
        with self.store.write() as work:
            number = work.students.next_number(self.version_id)
            cutoff = work.exchanges.last_seq()
            student = a_student(self.version, number=number, cutoff_seq=cutoff, **changes)
            work.students.add(student)
            return enter(work, student, self.version, self.slice, at=self.at)

    def calls(self, count: int, **changes: Any) -> list[CallRow]:
        """Eligible calls with different texts, as collect leaves them; the teacher says the second label."""
        rows = [self.call(f"text {self.texts + n}", **changes) for n in range(count)]
        self.texts += count
        self.add(rows)
        return rows

    def call(self, text: str, **changes: Any) -> CallRow:
        row = CallRow(
            exchange_id=uuid7(),
            seq=0,
            version_id=self.version_id,
            input=text,
            input_hash=f"i1:{text}",
            source=Source.LLM,
            decider=SHADOWED,
            p_llm=1.0,
            eligible=True,
            answer=(1,),
            unfit=None,
        )
        return replace(row, **changes)

    def add(self, rows: list[CallRow]) -> None:
        """Load exchanges for these calls, so that they have their place in the load sequence."""
        sink = StoreSink(self.store)
        start = sink.offset("s")
        exchanges: list[Exchange] = [an_exchange(id=row.exchange_id) for row in rows]
        sink.load("s", start=start, end=start + len(rows), exchanges=exchanges)
        with self.store.write() as work:
            last = work.exchanges.last_seq()
            work.calls.add([replace(row, seq=last - len(rows) + n) for n, row in enumerate(rows, start=1)])

    def predicted(self, candidate: CandidateRow, guess: Guess, *, late: bool = False) -> Prediction:
        """What a web process says the champion would have answered."""
        inside = candidate.slice.holds(guess)
        return Prediction(candidate.student_id, candidate.id, guess, in_slice=inside, late=late)

    def see(self, agree: int, disagree: int = 0, *, label: int | None = None, **changes: Any) -> None:
        """So many calls on which every student agrees, then so many on which none does, predicted.

        The teacher says one label after the other, or always the one given.
        """
        rows = []
        for n in range(agree + disagree):
            text, says = f"text {self.texts + n}", n % 3 if label is None else label
            self.shelf.says[text] = a_guess(says if n < agree else (says + 1) % 3)
            rows.append(self.call(text, **{"answer": (says,), **changes}))
        self.texts += len(rows)
        self.add(rows)
        self.run()

    def run(self) -> None:
        while self.shadow.step():
            pass
