from collections.abc import Iterator

import pytest

from shadowbert.testing.house import House
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation


@pytest.fixture
def upstream() -> SimulatedUpstream:
    return SimulatedUpstream(simulation=Simulation(median_ms=1.0, sigma=0.01))


@pytest.fixture
def house(upstream: SimulatedUpstream) -> Iterator[House]:
    """A proxy in front of a simulated upstream."""
    with serving_upstream(upstream.app()) as url, House(f"{url}/v1").open() as opened:
        yield opened
