"""How a teacher writes its answers: what a local answer must imitate to be taken for one."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Manner:
    """Of the replies to one form of call (endpoint, transport, tool choice, streamed or not)."""

    finish_reason: str | None = None
    spaced: bool = False
    """JSON with `", "` and `": "` instead of `","` and `":"`."""
    indent: int | None = None
    """JSON over several lines, with so many blanks a level."""
    escaped: bool = False
    """JSON in ASCII only."""
    before: str = ""
    """What stands around the JSON: a code fence, where no schema rules it out."""
    after: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Manner":
        return cls(**data)


Manners = Mapping[str, Manner]
"""By the form's name."""
