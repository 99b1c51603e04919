"""A student's model card: what it was made of, how it was judged, and what it mixes up (Mitchell et al. 2019, arXiv
1810.03993).

Counts on rows that the student had not learnt from; shares are reckoned from them here, so that they always fit. Knows
no files, and no text of any example.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Agreed:
    """How many of the judged rows agree, and between which shares the true one lies (exact, 95 %)."""

    right: int
    rows: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.right / self.rows


@dataclass(frozen=True, slots=True)
class Confusion:
    """How often the student said `said` where the teacher says `meant`."""

    field: str
    meant: str
    said: str
    rows: int
    of: int
    """Rows where the teacher says `meant`."""

    @property
    def words(self) -> str:
        return f"{self.said} said where the LLM says {self.meant}: {self.rows} of {self.of} times"


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How one label fares: of `said` answers and of `meant` rows `right` are the same."""

    label: str
    meant: int
    said: int
    right: int

    @property
    def precision(self) -> float | None:
        return self.right / self.said if self.said else None

    @property
    def recall(self) -> float | None:
        return self.right / self.meant if self.meant else None


@dataclass(frozen=True, slots=True)
class FieldCard:
    """One field: its outcomes as people read them, and where teacher and student put the judged rows."""

    name: str
    labels: tuple[str, ...]
    agreed: Agreed
    confusion: tuple[tuple[int, int, int], ...]
    """(teacher's outcome, student's outcome, rows), right ones too; what never happened is left out."""

    def scores(self) -> list[LabelScore]:
        """One an outcome, in the contract's order."""
        meant, said, right = ([0] * len(self.labels) for _ in range(3))
        for teacher, student, rows in self.confusion:
            meant[teacher] += rows
            said[student] += rows
            right[teacher] += rows if teacher == student else 0
        return [LabelScore(*own) for own in zip(self.labels, meant, said, right, strict=True)]

    def to_json(self) -> dict[str, Any]:
        scores = [asdict(own) | {"precision": own.precision, "recall": own.recall} for own in self.scores()]
        return asdict(self) | {"labels_scored": scores}

    def confusions(self) -> list[Confusion]:
        """What is mixed up, the most frequent first."""
        meant = [score.meant for score in self.scores()]
        wrong = sorted((own for own in self.confusion if own[0] != own[1]), key=lambda own: -own[2])
        return [Confusion(self.name, self.labels[t], self.labels[s], rows, meant[t]) for t, s, rows in wrong]


@dataclass(frozen=True, slots=True)
class Bin:
    """Judged rows whose joint confidence lies in one tenth: how sure the student was, and how often it was right."""

    rows: int
    confidence: float
    right: int

    @property
    def share(self) -> float:
        return self.right / self.rows


@dataclass(frozen=True, slots=True)
class Card:
    task: str
    teacher: str
    recipe: str
    settings: Mapping[str, Any]
    """All that the recipe was set to, seeds included: JSON values."""
    recipes: Mapping[str, float]
    """Agreement of every recipe that was tried."""
    encoder: str
    pooling: str
    variant: str
    variant_why: str
    max_tokens: int
    longest: int
    """Characters of the longest input that it was judged on."""
    cut: float
    """Share of the examples that were longer than its budget: head and tail were read."""
    foreign: float | None
    """Share of the examples in none of its encoder's languages; None where those are unknown."""
    temperatures: tuple[float, ...]
    shares: Mapping[str, Mapping[str, float]]
    """Expert to field to its share beside the heads' 1."""
    heads_alone: float
    """Agreement of the heads without the others, weighted to the traffic's mix as `recipes` is."""
    examples: int
    examples_sha256: str
    cutoff: int
    agreed: Agreed
    """On whole answers."""
    fields: tuple[FieldCard, ...]
    bins: tuple[Bin, ...]
    """Ten, from the least sure to the surest."""
    software: Mapping[str, str]

    @property
    def calibration_error(self) -> float:
        return calibration_error(self.bins)

    def confusions(self, most: int) -> list[Confusion]:
        """The most frequent of all fields."""
        found = [confusion for field in self.fields for confusion in field.confusions()]
        return sorted(found, key=lambda confusion: -confusion.rows)[:most]

    def to_json(self) -> dict[str, Any]:
        """With what is reckoned, for readers that are not this program."""
        reckoned = {"calibration_error": self.calibration_error, "fields": [field.to_json() for field in self.fields]}
        return asdict(self) | reckoned

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Card":
        """Raises KeyError or TypeError where it is no card."""
        own = {
            "agreed": Agreed(**data["agreed"]),
            "fields": tuple(map(_field, data["fields"])),
            "bins": tuple(Bin(**own) for own in data["bins"]),
            "temperatures": tuple(data["temperatures"]),
        }
        return cls(**{field.name: data[field.name] for field in fields(cls)} | own)


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error (Naeini et al. 2015): the mean distance between sureness and being right. Assumes
    rows exchangeable with later traffic.

    >>> calibration_error([Bin(0, 0.0, 0), Bin(10, 0.9, 8)])
    0.1
    """
    off = sum(abs(own.rows * own.confidence - own.right) for own in bins)
    return round(off / max(1, sum(own.rows for own in bins)), 6)


def percent(share: float) -> str:
    """Rounded down, so that nothing ever looks better than it is.

    >>> percent(0.9999)
    '99.9 %'
    """
    return f"{int(share * 1000 + 1e-9) / 10:.1f} %"


def _field(data: Mapping[str, Any]) -> FieldCard:
    return FieldCard(
        name=data["name"],
        labels=tuple(data["labels"]),
        agreed=Agreed(**data["agreed"]),
        confusion=tuple((teacher, student, rows) for teacher, student, rows in data["confusion"]),
    )
