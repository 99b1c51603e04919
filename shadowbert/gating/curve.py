"""Agreement as a smooth function of confidence: two numbers fitted to (confidence, agreed) rows.

Platt's (1999) logistic curve on the logit of the confidence. Knows nothing of students or thresholds. Assumption: log
odds of agreement are about linear in log odds of confidence; a ridge pulls towards "the confidence is right", so a
handful of rows, or rows that all agree, move it little.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

RIDGE = 1.0
STEPS = 50
ENOUGH = 1e-9
EDGE = 1e-4
"""Confidences are read as inside [EDGE, 1 - EDGE]: a model's 1.0 is no certainty."""


@dataclass(frozen=True, slots=True)
class Curve:
    offset: float = 0.0
    slope: float = 1.0

    def at(self, confidence: float) -> float:
        """The chance that a row of this confidence agrees."""
        return _logistic(self.offset + self.slope * _logit(confidence))


def fit(rows: Sequence[tuple[float, bool]]) -> Curve:
    """Newton's method, its steps halved until they help, on the ridge-penalised likelihood: it has one maximum.

    >>> curve = fit([(0.9, True)] * 70 + [(0.9, False)] * 30 + [(0.6, True)] * 40 + [(0.6, False)] * 60)
    >>> round(curve.at(0.9), 2), round(curve.at(0.6), 2)
    (0.7, 0.41)
    """
    points = [(_logit(confidence), agreed) for confidence, agreed in rows]
    curve, loss = Curve(), _loss(Curve(), points)
    for _ in range(STEPS):
        offset, slope = _newton_step(curve, points)
        following = Curve(curve.offset + offset, curve.slope + slope)
        while (next_loss := _loss(following, points)) > loss and abs(offset) + abs(slope) > ENOUGH:
            offset, slope = offset / 2, slope / 2
            following = Curve(curve.offset + offset, curve.slope + slope)
        if abs(offset) + abs(slope) <= ENOUGH:
            break
        curve, loss = following, next_loss
    return curve


def _loss(curve: Curve, points: Sequence[tuple[float, bool]]) -> float:
    """Half the ridge plus the negative log likelihood."""
    odds = (curve.offset + curve.slope * x if agreed else -curve.offset - curve.slope * x for x, agreed in points)
    misfit = math.fsum(math.log1p(math.exp(-z)) if z > 0 else math.log1p(math.exp(z)) - z for z in odds)
    return misfit + RIDGE * (curve.offset**2 + (curve.slope - 1) ** 2) / 2


def _newton_step(curve: Curve, points: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    pull_offset, pull_slope = -RIDGE * curve.offset, -RIDGE * (curve.slope - 1)
    offset_offset, offset_slope, slope_slope = RIDGE, 0.0, RIDGE
    for x, agreed in points:
        chance = _logistic(curve.offset + curve.slope * x)
        weight = chance * (1 - chance)
        pull_offset += agreed - chance
        pull_slope += (agreed - chance) * x
        offset_offset += weight
        offset_slope += weight * x
        slope_slope += weight * x * x
    determinant = offset_offset * slope_slope - offset_slope**2
    return (
        (slope_slope * pull_offset - offset_slope * pull_slope) / determinant,
        (offset_offset * pull_slope - offset_slope * pull_offset) / determinant,
    )


def _logit(share: float) -> float:
    inside = min(max(share, EDGE), 1 - EDGE)
    return math.log(inside / (1 - inside))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
