import fcntl
import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import openai
import pytest

from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from tests.e2e.calls import Teacher, client
from tests.e2e.seed import FIRST, cut_over, grow, transplant
from tests.e2e.tree import Tree, planted
from tests.store.postgres import Server

Plant = Callable[..., Tree]
QUICK = {
    "worker.poll_s": 0.1, "watch.mirror_every_s": 0.1, "policy.target": 0.8, "upstream.auth": "none",
    "training.nice": 0,
}  # fmt: skip
"""Short looks, a target that a small student reaches, no first call that has to prove its key, and a training that
other tests cannot starve.
"""
NO_TRAINING = {"training.first": 1_000_000}


@dataclass
class Api:
    """The simulated upstream, with its mind in reach."""

    url: str
    teacher: Teacher
    upstream: SimulatedUpstream


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    teacher = Teacher()
    upstream = SimulatedUpstream(teacher, Simulation(median_ms=2.0))
    with serving_upstream(upstream.app()) as url:
        yield Api(url, teacher, upstream)


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Of calls that no student was taught."""
    return itertools.count(FIRST)


@pytest.fixture
def caller(tree: Tree) -> Iterator[openai.OpenAI]:
    """Of the module's own tree."""
    with client(tree.url) as opened:
        yield opened


@pytest.fixture
def plant(tmp_path: Path, api: Api) -> Iterator[Plant]:
    """Starts a tree in front of the simulated upstream; settings by keyword, `__` for the dot."""
    with ExitStack() as stack:

        def start(*flags: str, data_dir: Path = tmp_path / "data", **settings: object) -> Tree:
            dotted = {key.replace("__", "."): value for key, value in settings.items()}
            return stack.enter_context(planted(Tree(data_dir, api.url, {**QUICK, **dotted}, flags)))

        yield start


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data directory with a trained student, made once a run; to be copied."""
    here = tmp_path_factory.getbasetemp()
    shared = here if worker_id == "master" else here.parent
    done = shared / "grown.done"
    with (shared / "grown.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            grow(shared / "grown")
            done.touch()
    return shared / "grown"


@pytest.fixture(scope="module")
def trained_dir(grown: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the tests of one module: a task in shadow, with a student."""
    return transplant(grown, tmp_path_factory.mktemp("trained") / "data")


@pytest.fixture(scope="module")
def live_dir(grown: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the tests of one module: the task was cut over by force."""
    data_dir = transplant(grown, tmp_path_factory.mktemp("live") / "data")
    cut_over(data_dir)
    return data_dir


@pytest.fixture
def postgres_url(postgres: Server) -> Iterator[str]:
    with postgres.database() as url:
        yield url
