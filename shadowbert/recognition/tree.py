"""The shapes that an answer may have, each with its properties in the schema's own order.

Knows neither schemas nor answers, and no canonical order.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shadowbert.domain.contract import Label

Labels = Mapping[str, Label]
"""Labels by their JSON text: there True is not 1."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One of these labels."""

    labels: Labels


@dataclass(frozen=True, slots=True)
class Free:
    """Something that is no choice between labels; of these JSON types, or of any where none is named."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """A list of labels that stands for a set: in any order, a label more than once only where `repeats`."""

    labels: Labels
    least: int
    most: int | None
    repeats: bool

    def admits(self, length: int) -> bool:
        return self.least <= length and (self.most is None or length <= self.most)


@dataclass(frozen=True, slots=True)
class Branch:
    """An object's properties: name, whether required, what may stand there."""

    properties: tuple[tuple[str, bool, "Tree"], ...]


@dataclass(frozen=True, slots=True)
class Variants:
    """One of several objects, told apart by the label of the property `by`, which each of them requires."""

    by: str
    parts: tuple[tuple[Labels, Branch], ...]

    @property
    def labels(self) -> Labels:
        return {text: label for labels, _ in self.parts for text, label in labels.items()}


Container = Branch | Variants | Several


@dataclass(frozen=True, slots=True)
class Either:
    """One of these labels, or what `tree` allows: an object that may be null."""

    labels: Labels
    tree: Container


Tree = Leaf | Free | Either | Branch | Variants | Several


def step_of(labels: Labels) -> str:
    """The step of a path that names one label, or a choice of them.

    >>> step_of({'"spam"': "spam", "1": 1})
    '[spam|1]'
    """
    return f"[{'|'.join(plain(labels[text], text) for text in sorted(labels))}]"


def plain(label: Label, text: str) -> str:
    """A label without the quotes of its JSON text."""
    return label if isinstance(label, str) else text
