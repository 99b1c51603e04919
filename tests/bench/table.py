"""One measured number with what it should be."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    what: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def missed(self) -> bool:
        too_much = self.at_most is not None and self.value > self.at_most
        return too_much or (self.at_least is not None and self.value < self.at_least)

    @property
    def aim(self) -> str:
        if self.at_most is not None:
            return f"<= {self.at_most:,g}"
        return "" if self.at_least is None else f">= {self.at_least:,g}"


def render(rows: Sequence[Row]) -> str:
    lines = [f"{'what':<72} {'value':>12} {'unit':<8} {'aim':<12}"]
    for row in rows:
        mark = "" if not row.aim else "MISSED" if row.missed else "ok"
        lines.append(f"{row.what:<72} {row.value:>12,.3f} {row.unit:<8} {row.aim:<12} {mark}")
    return "\n".join(lines) + "\n"
