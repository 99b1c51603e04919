"""The API behind the demonstration: a simulated one on this machine, or a real one.

Refuses to know what is asked of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shadowbert.demo.dataset import Dataset
from shadowbert.demo.oracle import oracle_for
from shadowbert.testing.faults import Fault, Kind
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import Seen, SimulatedUpstream, Simulation

MEDIAN_MS = 600.0
FAULTS = (Fault(Kind.STATUS, status=500), Fault(Kind.STATUS, status=503), Fault(Kind.RESET_BEFORE))


@dataclass(frozen=True, slots=True)
class Upstream:
    """`speed` and `seen` are of a simulated upstream only; a real one runs at speed 1."""

    url: str
    speed: float = 1.0
    seen: Seen | None = None

    @property
    def simulated(self) -> bool:
        return self.seen is not None


@dataclass(frozen=True, slots=True)
class Weather:
    """How the simulated upstream behaves."""

    noise: float = 0.005
    """Share of answers with one wrong label. Small: the noise of several fields multiplies."""
    faults: float = 0.002
    """Share of calls that fail."""
    speed: float = 20.0
    """How many times faster than real it answers."""
    seed: int = 0


@contextmanager
def simulated(dataset: Dataset, model: str, weather: Weather) -> Iterator[Upstream]:
    """A real HTTP server on a loopback port that answers from the dataset's labels."""
    simulation = Simulation(
        seed=weather.seed,
        median_ms=MEDIAN_MS,
        speed=weather.speed,
        noise=weather.noise,
        fault_rate=weather.faults,
        faults=FAULTS,
        model=model,
    )
    upstream = SimulatedUpstream(oracle_for(dataset), simulation)
    with serving_upstream(upstream.app()) as url:
        yield Upstream(f"{url}/v1", weather.speed, upstream.seen)
