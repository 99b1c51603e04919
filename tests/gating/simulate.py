"""Many runs at once: the e-process and the drift detector over arrays, from the same tables as the package."""

import numpy as np
import numpy.typing as npt

from shadowbert.gating.drift import ALTERNATIVES, MILDEST, WORST
from shadowbert.gating.eprocess import GRID, mixture

Floats = npt.NDArray[np.float64]


def log_e_paths(tau: float, p: float, *, runs: int, rows: int, seed: int) -> Floats:
    """log E after each row of each run, looked up in a table over all (agree, disagree) pairs that occur."""
    rng = np.random.default_rng(seed)
    disagree = (rng.random((runs, rows), dtype=np.float32) >= p).cumsum(axis=1)
    n = np.arange(1, rows + 1)
    table = mixture(tau)
    gains, losses = np.array(table.gains), np.array(table.losses)
    most = int(disagree.max())
    # E(s, f) over a grid (f, s): the sum over alternatives is a matrix product of exponentials, scaled to stay finite.
    right = np.exp(np.outer(losses, np.arange(most + 1)))
    shift = gains.max()
    left = np.exp(np.outer(np.arange(rows + 1), gains - shift))
    with np.errstate(divide="ignore"):
        grid = np.log(left @ right / GRID) + shift * np.arange(rows + 1)[:, None]
    agree = n - disagree
    return grid[agree, disagree]


def ever_at_least(paths: Floats, level: float) -> float:
    """Share of runs that reach the level at any row."""
    return float((paths.max(axis=1) >= level).mean())


def first_at_least(paths: Floats, level: float) -> npt.NDArray[np.int64]:
    """The row at which each run first reaches the level; one more than the rows where it never does."""
    reached = paths >= level
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, paths.shape[1] + 1)


def rows_to_alarm(tau: float, p: float, *, runs: int, rows: int, seed: int, alarm_at: float) -> npt.NDArray[np.int64]:
    """The audit at which each run alarms; one more than the rows where it never does."""
    rng = np.random.default_rng(seed)
    q = tau * np.linspace(MILDEST, WORST, ALTERNATIVES)
    agreed, disagreed = q / tau, (1 - q) / (1 - tau)
    bets = np.zeros((runs, ALTERNATIVES))
    first = np.full(runs, rows + 1)
    for row in range(1, rows + 1):
        x = rng.random(runs) < p
        bets = np.maximum(bets, 1.0) * np.where(x[:, None], agreed, disagreed)
        alarmed = (bets.mean(axis=1) >= alarm_at) & (first > rows)
        first[alarmed] = row
        if (first <= rows).all():
            break
    return first
