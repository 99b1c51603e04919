"""How each version's teacher writes, learnt from its replies: what most of the latest ones did.

A local answer says what is kept here to callers who never saw the replies, so only what many of them share is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shadowbert.domain.manner import Manner

STEADY = 10
"""Votes that a manner can gather: so many other replies in a row make it give way."""


@dataclass(slots=True)
class Manners:
    """One version's manners by form: the majority vote of Boyer & Moore (1981), with a bounded memory."""

    known: Mapping[str, Manner] = field(default_factory=dict)
    _votes: dict[str, tuple[Manner, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._votes = {form: (manner, STEADY) for form, manner in self.known.items()}

    def see(self, form: str, manner: Manner) -> None:
        leading, votes = self._votes.get(form, (manner, 0))
        if leading == manner:
            self._votes[form] = (manner, min(STEADY, votes + 1))
        else:
            self._votes[form] = (leading, votes - 1) if votes > 1 else (manner, 1)

    @property
    def now(self) -> dict[str, Manner]:
        return {form: manner for form, (manner, _) in self._votes.items()}
