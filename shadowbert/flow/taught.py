"""What a version's students are taught: the inputs that it has labels for itself, and those that it inherits.

An input counts once, and the version's own label goes before one that was given to an earlier version.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from shadowbert.curation.callers import Cap, cap
from shadowbert.curation.carry import Carry, carry
from shadowbert.curation.examples import LabelledRow, corrected, distinct
from shadowbert.domain.records import CallRow, ExampleRow, Inherited, Legacy, VersionRow
from shadowbert.flow.ledger import Work

MAX_CLIP = 20.0


def examples_of(work: Work, version: VersionRow) -> int:
    """How many inputs have a label."""
    return work.calls.examples(version.id, legacies(work, version, version.inherits))


def cap_of(work: Work, version: VersionRow, share: float) -> Cap | None:
    """What is left out of them where no caller may teach more than this share; None where that caps nobody."""
    if share >= 1:
        return None
    return cap(work.calls.callers(version.id, legacies(work, version, version.inherits)), share)


def teachable(work: Work, version: VersionRow, share: float) -> int:
    """How many inputs there are to train on without what the cap leaves out."""
    found = cap_of(work, version, share)
    return examples_of(work, version) - (found.left_out if found else 0)


def inherited_of(work: Work, version: VersionRow) -> int:
    """How many of them it has no label of its own for."""
    return examples_of(work, version) - work.calls.examples(version.id) if version.inherits else 0


def legacies(work: Work, version: VersionRow, inherits: Sequence[Inherited]) -> list[Legacy]:
    return [how.legacy(source.version_id, source.until_seq) for source, how in _carried(work, version, inherits)]


def taught(work: Work, version: VersionRow, *, until_seq: int | None = None) -> list[ExampleRow]:
    """The examples themselves: what is farthest from the version first, its own last, up to a load sequence; people's
    answers before the teacher's.
    """
    own = distinct(map(_labelled, work.calls.labelled(version.id, until_seq=until_seq)))
    known = [*inherited(work, version, version.inherits, known={e.input_hash for e in own}), *own]
    return corrected(known, work.corrections.of_version(version.id))


def inherited(work: Work, version: VersionRow, inherits: Sequence[Inherited], *, known: set[str]) -> list[ExampleRow]:
    """The examples of other versions as this one's, on inputs that are not known."""
    found: list[ExampleRow] = []
    seen = set(known)
    for source, how in _carried(work, version, inherits):
        rows = work.calls.labelled(source.version_id, until_seq=source.until_seq)
        said = ((row, how.answer(row.answer)) for row in rows if row.answer and row.input_hash not in seen)
        new = distinct(_labelled(replace(row, answer=answer)) for row, answer in said if answer is not None)
        seen.update(example.input_hash for example in new)
        found = [*new, *found]
    return found


def _carried(work: Work, version: VersionRow, inherits: Sequence[Inherited]) -> Iterator[tuple[Inherited, Carry]]:
    for source in inherits:
        old = work.tasks.version(source.version_id)
        how = carry(old.contract, version.contract) if old is not None else None
        if how is not None:
            yield source, how


def _labelled(row: CallRow) -> LabelledRow:
    return LabelledRow(row.input, row.input_hash, row.answer or (), row.seq, row.exchange_id, _weight(row), row.caller)


def _weight(row: CallRow) -> float:
    """1 / P(the teacher was asked): served inputs are seen through audits only, escalations always."""
    seldom = row.decider.uniform and row.prediction is not None and row.prediction.in_slice
    return min(1.0 / row.p_llm, MAX_CLIP) if seldom and row.p_llm > 0 else 1.0
