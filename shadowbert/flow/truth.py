"""What people's answers to drawn calls say of a version's teacher and of one candidate. Decides nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

from shadowbert.domain.records import VersionRow
from shadowbert.flow.ledger import Work
from shadowbert.gating.truth import Part, Truth, compare
from shadowbert.gating.wording import percent

NONE, NO_ROWS = Part(0, 0), Truth()


@dataclass(frozen=True, slots=True)
class HumanTruth:
    waiting: int = 0
    """Drawn calls that nobody has dealt with."""
    skipped: int = 0
    """Those of which people could not say."""
    teacher: Part = NONE
    """How often the LLM is right, on every drawn call that people have answered."""
    everywhere: Truth = NO_ROWS
    """On those that the student had not met, whether it was sure of them or not."""
    inside: Truth = NO_ROWS
    """On those of them that it would have answered."""

    @property
    def known(self) -> bool:
        return self.teacher.rows > 0

    def rows(self) -> Iterator[tuple[str, Part, Part]]:
        """What is counted, on all calls and on those that the student would have answered."""
        whole, inside = self.everywhere, self.inside
        yield "the LLM is right", whole.teacher, inside.teacher
        yield "the student is right", whole.student, inside.student
        yield "they agree", whole.agreement, inside.agreement
        yield "where they disagree, the LLM is right", whole.teacher_in_disagreements, inside.teacher_in_disagreements
        yield (
            "where they disagree, the student is right",
            (whole.student_in_disagreements),
            inside.student_in_disagreements,
        )

    def sentences(self) -> Iterator[str]:
        if self.known and not self.everywhere.rows:
            yield f"people say that the LLM is right on {self.teacher.words()} drawn calls"
        if self.everywhere.rows:
            for what, whole, inside in self.rows():
                there = f"; on calls that it would answer: {inside.words()}" if inside.rows else ""
                yield f"{what}: {whole.words()}{there}"
        share = self.everywhere.student_in_disagreements.share
        if share is not None:
            yield f"the student was right in {percent(share)} of {self.everywhere.disagreements:,} disagreements"
        if self.skipped:
            yield f"people could not say what is right of {self.skipped:,} drawn calls"
        if self.waiting:
            yield f"{self.waiting:,} drawn calls wait for a person's answer"

    def to_json(self) -> dict[str, object]:
        return {
            "waiting": self.waiting,
            "skipped": self.skipped,
            "teacher": _data(self.teacher),
            "rows": [{"what": what, "all": _data(whole), "inside": _data(own)} for what, whole, own in self.rows()],
            "words": list(self.sentences()),
        }


NO_TRUTH = HumanTruth()


def human_truth(work: Work, version: VersionRow, candidate_id: str | None) -> HumanTruth:
    drawn = work.draws.of_version(version.id)
    if not drawn:
        return NO_TRUTH
    answered = [row for row in drawn if row.answer is not None]
    judged = work.draws.judged(candidate_id) if candidate_id else []
    return HumanTruth(
        waiting=len(work.draws.waiting(version.id)),
        skipped=sum(row.skipped for row in drawn),
        teacher=Part(sum(row.teacher == row.answer for row in answered), len(answered)),
        everywhere=compare(judged),
        inside=compare(row for row in judged if row.in_slice),
    )


def _data(part: Part) -> dict[str, object]:
    low, high = part.between
    return {"of": part.of, "rows": part.rows, "share": part.share, "low": low, "high": high}
