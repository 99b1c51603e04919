import itertools
from collections.abc import Iterator

import pytest

from shadowbert.domain.task import Policy
from shadowbert.store.store import Store
from shadowbert.testing.factories import sure
from shadowbert.testing.house import House
from shadowbert.testing.lineage import NOW, Lineage, found
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import Seen, SimulatedUpstream, Simulation
from tests.web.surface import Surface

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


@pytest.fixture(scope="package")
def shop() -> Iterator[Surface]:
    """Our own surface, opened once; each test brings its own store."""
    with Surface(Store("sqlite://")).open() as surface:
        yield surface


@pytest.fixture
def surface(shop: Surface, sqlite_store: Store) -> Surface:
    """As good as new."""
    shop.store, shop.now, shop.policy = sqlite_store, NOW, Policy()
    shop.hook = None
    shop.wrong.clear()
    shop.door.seen.clear()
    return shop


@pytest.fixture
def line(sqlite_store: Store) -> Lineage:
    return found(sqlite_store)
