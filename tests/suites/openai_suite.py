"""openai-python's own tests of its API resources before a mock of the interface: directly, and through shadowbert."""

import re
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tests.clients.environments import Unavailable
from tests.e2e.tree import SHADOWBERT, environment, free_port, until
from tests.suites.tools import INTERFACE, STEADY, SUITE, Tool, openai_sources

BRACKETS = tuple(
    f"--validator-{place}-{kind}-format=brackets" for place in ("query", "form") for kind in ("array", "object")
)
LONGEST_S = 600.0
MOST_FAILURES = 50
"""A suite that goes wrong altogether takes for ever: each failed call is repeated by the client."""


def tally() -> dict[str, dict[str, int]]:
    """Passed and failed, directly and through the proxy. Raises Unavailable."""
    if not INTERFACE.exists():
        raise Unavailable("OpenAI's published interface does not lie beside the repository")
    openai_sources()
    with _mock() as upstream:
        found = {"direct": _run(upstream)}
        with _proxy(upstream) as url:
            return {**found, "through shadowbert": _run(url)}


def _run(base_url: str) -> dict[str, int]:
    """The paths stand at the root of both: a base URL without a path is another server's root."""
    how = ["-o", "addopts=", "-n", "2", "-k", "not aiohttp", "-q", "-p", "no:cacheprovider"]
    command = [str(SUITE.folder / "bin" / "python"), "-m", "pytest", "tests/api_resources", *how]
    done = subprocess.run(
        [*command, f"--maxfail={MOST_FAILURES}"],
        cwd=openai_sources(),
        env={**environment(), "TEST_API_BASE_URL": base_url},
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
        check=False,
    )
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|error)", done.stdout[-500:])}
    if not counts:
        raise Unavailable(f"the suite did not run: {done.stdout[-500:]}{done.stderr[-500:]}")
    return counts


@contextmanager
def _mock() -> Iterator[str]:
    port = free_port()
    command = [*Tool(STEADY, "steady").command, "--host=127.0.0.1", f"-p={port}", *BRACKETS, str(INTERFACE)]
    with _process(command, f"http://127.0.0.1:{port}", "/_x-steady/health") as url:
        yield url


@contextmanager
def _proxy(upstream: str) -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        flags = [f"--data-dir={folder}/data", f"--port={port}", f"--upstream={upstream}", "--no-worker"]
        with _process([*SHADOWBERT, "serve", *flags], f"http://127.0.0.1:{port}", "/readyz") as url:
            yield url


@contextmanager
def _process(command: list[str], url: str, health: str) -> Iterator[str]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment())
        try:
            until(lambda: process.poll() is None and _answers(url + health), told=lambda: command)
            yield url
        finally:
            process.terminate()
            process.wait(60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False
