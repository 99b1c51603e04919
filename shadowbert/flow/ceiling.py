"""How often a version's teacher agrees with itself, and whether that leaves room for the target.

From inputs that came more than once by themselves, and from those that an operator had asked again. The ceiling of all
calls is not that of a part of them: a student answers what it is sure of, and there the teacher may be surer too.
Counts and says; decides nothing.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from shadowbert.curation.examples import ceiling
from shadowbert.domain.contract import Answer, Contract
from shadowbert.domain.records import ProbeRow, VersionRow
from shadowbert.flow.ledger import Work
from shadowbert.gating.ceiling import SelfAgreement
from shadowbert.gating.wording import percent

ENOUGH = 20
"""Inputs asked again by an operator from which on they speak for all calls, and inputs in a slice for the slice."""

Votes = Mapping[Answer, int]


@dataclass(frozen=True, slots=True)
class Ceilings:
    repeated: SelfAgreement | None = None
    """On inputs that came more than once by themselves: often the commonest ones."""
    probed: SelfAgreement | None = None
    """On inputs that were drawn at random and asked again."""
    inside: SelfAgreement | None = None
    """On those of either kind that lie in the slice of the leading candidate; None where they are too few."""
    fields: Mapping[str, SelfAgreement] = field(default_factory=dict)
    """Of each field, where there are several."""

    @property
    def overall(self) -> SelfAgreement | None:
        """What speaks for all calls: a random sample where it is large enough."""
        probed = self.probed
        return probed if probed and (self.repeated is None or probed.inputs >= ENOUGH) else self.repeated

    def sentences(self) -> Iterator[str]:
        if self.repeated:
            yield f"on inputs that came more than once, the LLM agrees with itself {self.repeated.words()}"
        if self.probed:
            yield f"on random inputs that it was asked again, the LLM agrees with itself {self.probed.words()}"
        if self.inside:
            yield f"on inputs that the student would answer, the LLM agrees with itself {self.inside.words()}"
        for name, own in self.fields.items():
            yield f"in {name}, it agrees with itself {own.words()}"

    def impossible(self, target: float) -> str:
        """Why waiting for this target is no use; empty where that is not shown."""
        whole, inside = self.overall, self.inside
        if inside and inside.rules_out(target):
            return f"{_above(target, inside, 'on the calls that it is sure of')}; {_nearest(inside)}"
        if whole is None or not whole.rules_out(target) or (inside and not inside.doubts(target)):
            return ""
        rest = "; on the part of them that it is sure of it still may" if inside is None else ""
        return f"{_above(target, whole, 'on all calls')}{rest}; on all calls {_nearest(whole)}"

    def doubtful(self, target: float) -> str:
        """Why this target may be out of reach, or is so on all calls alone; empty where nothing speaks against it."""
        if self.impossible(target):
            return ""
        whole, inside = self.overall, self.inside
        if inside and inside.doubts(target):
            return f"{_above(target, inside, 'on the calls that it is sure of', seems=True)}; {_nearest(inside)}"
        if whole is None or not whole.doubts(target):
            return ""
        seems = not whole.rules_out(target)
        there = "; on the calls that it is sure of it can" if inside else "; on those that it is sure of it may"
        return f"{_above(target, whole, 'on all calls', seems=seems)}{there}"

    def to_json(self, target: float) -> dict[str, object]:
        kinds = {"repeated": self.repeated, "probed": self.probed, "inside": self.inside}
        return {
            **{kind: known and _data(known) for kind, known in kinds.items()},
            "fields": {name: _data(own) for name, own in self.fields.items()},
            "impossible": self.impossible(target),
            "doubtful": self.doubtful(target),
        }


NO_CEILING = Ceilings()


def ceilings(work: Work, version: VersionRow, candidate_id: str | None) -> Ceilings:
    """`candidate_id`: the candidate whose slice people ask about."""
    contract, repeats, probes = version.contract, work.calls.repeats(version.id), work.probes.of_version(version.id)
    repeated, probed = repeats.values(), _votes({}, probes)
    inside = _inside(work, version, candidate_id) if candidate_id else []
    whole = probed if len(probed) >= ENOUGH else _votes(repeats, probes)
    return Ceilings(
        repeated=self_agreement(repeated, _classes(contract)),
        probed=self_agreement(probed, _classes(contract)),
        inside=self_agreement(inside, _classes(contract)) if len(inside) >= ENOUGH else None,
        fields=_fields(contract, whole) if len(contract.fields) > 1 else {},
    )


def self_agreement(asked: Iterable[Votes], classes: int) -> SelfAgreement | None:
    """Of each input, how often each answer was given. None while no input was asked twice."""
    known = ceiling([tuple(votes.values()) for votes in asked])
    return None if known.share is None else SelfAgreement(known.share, known.inputs, known.conflicts, classes)


def _inside(work: Work, version: VersionRow, candidate_id: str) -> list[Votes]:
    probes = work.probes.of_version(version.id, inside=candidate_id)
    return _votes(work.calls.repeats(version.id, inside=candidate_id), probes)


def _votes(repeats: Mapping[str, Votes], probes: Sequence[ProbeRow]) -> list[Votes]:
    """However an input came to be asked more than once, it counts once, with all its answers."""
    found = {input_hash: Counter(votes) for input_hash, votes in repeats.items()}
    for row in probes:
        if row.again is not None:
            found.setdefault(row.input_hash, Counter([row.first]))[row.again] += 1
    return list(found.values())


def _fields(contract: Contract, asked: Sequence[Votes]) -> dict[str, SelfAgreement]:
    known = {
        own.name: self_agreement([_of_field(votes, place) for votes in asked], own.classes)
        for place, own in enumerate(contract.fields)
    }
    return {name: found for name, found in known.items() if found}


def _of_field(votes: Votes, place: int) -> Votes:
    said: Counter[Answer] = Counter()
    for answer, times in votes.items():
        said[(answer[place],)] += times
    return said


def _classes(contract: Contract) -> int:
    return math.prod(own.classes for own in contract.fields)


def _above(target: float, known: SelfAgreement, where: str, *, seems: bool = False) -> str:
    most = known.best if seems else known.at_most
    asked = f"asked the same again, the LLM gives the same answer {percent(known.share)} of the time"
    can = f"no student can agree with it on more than {percent(most)}"
    return f"target {percent(target)} {'seems' if seems else 'is'} above the ceiling {where}: {asked}, so that {can}"


def _nearest(known: SelfAgreement) -> str:
    return f"the nearest target that could pass is {percent(known.nearest_target)}"


def _data(known: SelfAgreement) -> dict[str, object]:
    low, high = known.between
    return {**asdict(known), "low": low, "high": high, "best": known.best, "at_most": known.at_most}
