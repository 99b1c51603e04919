"""What a version's examples are worth as material to learn from: how sure the teacher is of its own answers, and which
labels there are too few examples of. Counts; decides nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shadowbert.curation.callers import Cap, capped
from shadowbert.curation.examples import Ceiling, ceiling
from shadowbert.curation.learnable import Answers, Rare, namesakes, nothing_to_tell, rare
from shadowbert.domain.records import ExampleRow, VersionRow
from shadowbert.flow.ledger import Work
from shadowbert.flow.regression import told
from shadowbert.flow.taught import cap_of, taught
from shadowbert.gating.bounds import around_mean
from shadowbert.gating.wording import percent

UNKNOWN = Ceiling(None, 0, 0)
DELTA = 0.1
NAMED = 8
"""How many labels a sentence names."""
NOBODY_KNOWS = "no input was asked twice yet, so nobody knows how often the LLM agrees with itself"


@dataclass(frozen=True, slots=True)
class Material:
    ceiling: Ceiling = UNKNOWN
    between: tuple[float, float] | None = None
    """Where the ceiling lies with a chance of 90 %."""
    rare: tuple[Rare, ...] = ()
    """Labels that are not learnable yet."""
    nothing_to_tell: str = ""
    """Why no student is trained, where there is only one label."""
    namesakes: tuple[tuple[str, ...], ...] = ()
    corrections: int = 0
    """Inputs whose answer people have corrected."""
    regression: str = ""
    """What the latest student makes of them."""
    cap: Cap | None = None
    """What no caller teaches more than; None where that was not asked for."""

    @property
    def agreement(self) -> str:
        """How often the teacher agrees with itself, in one sentence."""
        asked, share = self.ceiling, self.ceiling.share
        if share is None or self.between is None:
            return NOBODY_KNOWS
        low, high = map(percent, self.between)
        inputs = f"{asked.inputs:,} input{' was' if asked.inputs == 1 else 's were'} asked more than once"
        conflicts = f"{asked.conflicts:,} of them got different answers"
        return f"{inputs}, {conflicts}: the LLM agrees with itself on {percent(share)} (between {low} and {high})"

    @property
    def not_learnable(self) -> str:
        """Labels with too few examples, each with its count; empty where there are none."""
        if not self.rare:
            return ""
        named = [f"{label.field} {label.label} ({label.examples})" for label in self.rare[:NAMED]]
        more = len(self.rare) - len(named)
        return f"not learnable yet: {', '.join(named)}{f' and {more} more' if more else ''}; the LLM answers these"

    @property
    def warning(self) -> str:
        """Labels that a person may take for one another."""
        pairs = [" and ".join(f'"{label}"' for label in labels) for labels in self.namesakes]
        return f"labels that differ by case or space alone: {'; '.join(pairs)}" if pairs else ""

    @property
    def corrected(self) -> str:
        """Empty where nobody has corrected anything."""
        if not self.corrections:
            return ""
        inputs = f"{self.corrections:,} input{' was' if self.corrections == 1 else 's were'} corrected by people"
        return f"{inputs}; {self.regression}" if self.regression else inputs

    @property
    def callers(self) -> str:
        """How much one caller teaches; empty where nobody asked for a cap, or there is nothing to cap yet."""
        cap = self.cap
        if cap is None or not cap.callers:
            return ""
        share = percent(cap.share)
        if cap.callers == 1:
            return f"only one caller so far: that no caller may teach more than {share} holds nobody back"
        if cap.equal:
            rule = f"{cap.callers:,} callers, too few for {share} each: all teach equally much"
        else:
            rule = f"{cap.callers:,} callers, none of which teaches more than {share}"
        return f"{rule}; {cap.left_out:,} examples beyond that are left out" if cap.left_out else rule

    @property
    def sentences(self) -> Sequence[str]:
        all_told = (self.agreement, self.not_learnable, self.warning, self.corrected, self.callers)
        return [told for told in all_told if told]


NOTHING = Material()


def material(work: Work, version: VersionRow, share: float = 1.0) -> Material:
    """`share`: the largest part of the examples that one caller may teach."""
    answers = answers_of(work, version, share)
    known = ceiling([tuple(votes.values()) for votes in work.calls.repeats(version.id).values()])
    return Material(
        ceiling=known,
        between=None if known.share is None else around_mean(known.share, known.inputs, delta=DELTA),
        rare=rare(version.contract, answers) if answers else (),
        nothing_to_tell=nothing_to_tell(version.contract, answers),
        namesakes=namesakes(version.contract),
        corrections=len(work.corrections.of_version(version.id)),
        regression=told(work.students.of_version(version.id)),
        cap=cap_of(work, version, share),
    )


def answers_of(work: Work, version: VersionRow, share: float = 1.0) -> Answers:
    """How many examples have each answer, where no caller teaches more than this share."""
    if version.inherits:
        return answers_in(capped(taught(work, version), share))
    found = cap_of(work, version, share)
    return work.calls.answers(version.id, most=found.level if found and found.left_out else None)


def answers_in(examples: Iterable[ExampleRow]) -> Answers:
    return Counter(example.answer for example in examples)
