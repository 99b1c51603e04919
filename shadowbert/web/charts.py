"""Small line charts as SVG markup, drawn on the server: no script, no style that a strict CSP would refuse."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, PAD = 560, 180, 34


@dataclass(frozen=True, slots=True)
class Scale:
    """Rows to x and shares to y, in SVG units."""

    rows: int
    low: float

    def x(self, row: float) -> float:
        return round(PAD + (WIDTH - PAD - 8) * row / max(1, self.rows), 1)

    def y(self, share: float) -> float:
        return round(8 + (HEIGHT - 8 - 24) * (1 - max(share, self.low)) / (1 - self.low), 1)


def agreement_chart(points: Sequence[tuple[int, float, float]], target: float) -> str:
    """(rows, agreement, bound) so far, with the target as a dashed line. Empty without points."""
    if not points:
        return ""
    scale = Scale(points[-1][0], low=min(0.8, int(min(p[1] for p in points) * 10) / 10, int(target * 10) / 10))
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Agreement and its lower bound, by checked calls">',
        *_grid(scale),
        f'<line class="target" x1="{PAD}" x2="{WIDTH - 8}" y1="{scale.y(target)}" y2="{scale.y(target)}"/>',
        _path("bound", [(scale.x(rows), scale.y(bound)) for rows, _, bound in points]),
        _path("agreement", [(scale.x(rows), scale.y(share)) for rows, share, _ in points]),
        f'<text x="{WIDTH - 8}" y="{HEIGHT - 6}" text-anchor="end">{points[-1][0]} checked calls</text>',
        "</svg>",
    ]
    return "".join(lines)


def _grid(scale: Scale) -> list[str]:
    shares = [scale.low + (1 - scale.low) * k / 4 for k in range(5)]
    return [
        f'<line class="grid" x1="{PAD}" x2="{WIDTH - 8}" y1="{scale.y(s)}" y2="{scale.y(s)}"/>'
        f'<text x="{PAD - 4}" y="{scale.y(s) + 4}" text-anchor="end">{s:.0%}</text>'
        for s in shares
    ]


def _path(name: str, points: Sequence[tuple[float, float]]) -> str:
    return f'<polyline class="{name}" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'
