import itertools
from collections.abc import Iterator

import pytest

from shadowbert.testing.factories import sure
from shadowbert.testing.house import House
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import Seen, SimulatedUpstream, Simulation

Street = tuple[SimulatedUpstream, House]


@pytest.fixture(scope="package")
def street() -> Iterator[Street]:
    """A proxy in front of a simulated upstream; starting them is the dear part, so tests share them."""
    upstream = SimulatedUpstream(simulation=Simulation(median_ms=1.0, sigma=0.01))
    with serving_upstream(upstream.app()) as url, House(f"{url}/v1").open() as house:
        yield upstream, house


@pytest.fixture
def upstream(street: Street) -> SimulatedUpstream:
    street[0].seen = Seen()
    return street[0]


@pytest.fixture
def house(street: Street) -> House:
    """As good as new."""
    opened = street[1]
    opened.journal.rows.clear()
    opened.stages.show()
    opened.student.answer, opened.student.failure = sure, None
    return opened


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def key(numbers: Iterator[int]) -> str:
    """A credential that nobody has used before."""
    return f"sk-test-{next(numbers)}"
