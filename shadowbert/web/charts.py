"""Small drawings as SVG markup, made on the server: no script, no style that a strict CSP would refuse.

Knows numbers only: nothing that a caller wrote comes in here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 400, 170
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 8, 24
STEPS, MOST_TICKS = (0.05, 0.1, 0.2), 6
Band = tuple[int, float, float, float]
STRETCH = 100
"""A scale counts whole rows: this many to one step of a natural logarithm."""
EARLY = 0.2
"""The first part of a curve swings widely; it may leave the picture rather than flatten the rest."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Rows to x and shares to y, in SVG units."""

    rows: int
    low: float

    def x(self, row: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * row / max(1, self.rows), 1)

    def y(self, share: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - max(share, self.low)) / (1 - self.low), 1)


def agreement_chart(points: Sequence[tuple[int, float, float]], target: float) -> str:
    """(rows, agreement, bound) so far, with the target as a dashed line. Empty where there is no line to draw."""
    if len(points) < 2:
        return ""
    scale = Scale(points[-1][0], _low(points, target))
    rows = f"{points[-1][0]:,} checked calls"
    label = f"Agreement {points[-1][1]:.1%} and its lower bound {points[-1][2]:.1%} over {rows}"
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">',
        *_grid(scale),
        _level(scale, target),
        _path("bound", [(scale.x(row), scale.y(bound)) for row, _, bound in points]),
        _path("agreement", [(scale.x(row), scale.y(share)) for row, share, _ in points]),
        f'<text x="{LEFT}" y="{HEIGHT - 6}">0</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{rows}</text>',
        "</svg>",
    ]
    return "".join(lines)


def learning_chart(points: Sequence[tuple[int, float]], band: Sequence[Band], goal: float | None) -> str:
    """(examples, coverage) of the students so far, and (examples, low, middle, high) of those to come, from nothing to
    all of the calls; examples on a logarithmic scale. Empty where there is no band.
    """
    if len(band) < 2:
        return ""
    first, last = band[0][0], band[-1][0]
    scale = Scale(math.ceil(STRETCH * math.log(last / first)), 0.0)
    across = [(scale.x(STRETCH * math.log(n / first)), *map(scale.y, shares)) for n, *shares in band]
    edge = [(x, low) for x, low, _, _ in across] + [(x, high) for x, _, _, high in reversed(across)]
    dots = [(scale.x(STRETCH * math.log(max(n, first) / first)), scale.y(share)) for n, share in points]
    label = f"Coverage {points[-1][1]:.0%} of the student of {points[-1][0]:,} examples, and of those to come"
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">',
        *_grid(scale),
        f'<polygon class="range" points="{" ".join(f"{x},{y}" for x, y in edge)}"/>',
        *([_level(scale, goal)] if goal is not None else []),
        _path("agreement", [(x, middle) for x, _, middle, _ in across]),
        *(f'<circle class="student" cx="{x}" cy="{y}" r="3.5"/>' for x, y in dots),
        f'<text x="{LEFT}" y="{HEIGHT - 6}">{first:,}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{last:,} examples</text>',
        "</svg>",
    ]
    return "".join(lines)


def share_bar(part: int, whole: int) -> str:
    """How much of the whole is the part, as a filled bar."""
    share = part / whole if whole else 0.0
    return (
        f'<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label="{share:.0%}">'
        f'<rect class="whole" width="100" height="4"/><rect class="part" width="{100 * share:.1f}" height="4"/></svg>'
    )


def _low(points: Sequence[tuple[int, float, float]], target: float) -> float:
    """The lowest share that the picture shows: a whole tenth below what the later points need."""
    late = [point for point in points if point[0] >= EARLY * points[-1][0]]
    lowest = min(target, *(min(share, bound) for _, share, bound in late))
    return max(0.0, min(0.8, int(lowest * 10) / 10))


def _grid(scale: Scale) -> list[str]:
    step = next(step for step in STEPS if (1 - scale.low) / step < MOST_TICKS)
    shares = [1 - step * k for k in range(MOST_TICKS) if 1 - step * k >= scale.low - 1e-9]
    return [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{scale.y(s)}" y2="{scale.y(s)}"/>'
        f'<text x="{LEFT - 5}" y="{scale.y(s) + 4}" text-anchor="end">{s:.0%}</text>'
        for s in shares
    ]


def _level(scale: Scale, share: float) -> str:
    """A dashed line across: what is wanted."""
    return f'<line class="target" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{scale.y(share)}" y2="{scale.y(share)}"/>'


def _path(name: str, points: Sequence[tuple[float, float]]) -> str:
    return f'<polyline class="{name}" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'
