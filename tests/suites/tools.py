"""Installs the outside suites below `.clients/`, pinned, and says where their parts lie. Runs none of them."""

import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.clients.environments import Library, Unavailable

OPENAI = "openai==3.3.1"
STEADY = Library("steady", "", npm=("@stdy/cli@0.22.2",))
CANARY = Library("compatcanary", "", npm=("compatcanary@0.2.2",))
ROUTER = Library("provider-check", "", pip=("trustedrouter-provider-check==0.1.8",))
SUITE = Library(
    "openai-suite",
    "",
    pip=(
        OPENAI.replace("openai", "openai[aiohttp]"),
        *("pytest", "pytest-asyncio", "pytest-xdist", "rich", "inline-snapshot"),
        *("httpx", "azure-identity", "botocore", "trio", "griffe"),
    ),
)
INTERFACE = Path(__file__).parents[3] / "shared" / "openapi" / "openapi.transformed.yml"
"""OpenAI's published interface, which lies beside the repository."""


@dataclass(frozen=True)
class Tool:
    """An installed command."""

    library: Library
    name: str
    arguments: tuple[str, ...] = field(default=())

    @property
    def command(self) -> list[str]:
        """Raises Unavailable where it cannot be installed."""
        self.library.build()
        place = "node_modules/.bin" if self.library.npm else "bin"
        return [str(self.library.folder / place / self.name), *self.arguments]


def openai_sources() -> Path:
    """The source distribution, which holds the tests. Raises Unavailable."""
    SUITE.build()
    unpacked = SUITE.folder / OPENAI.replace("==", "-")
    if not unpacked.exists():
        where = ["--no-deps", "--no-build-isolation", "--no-binary=:all:", "--quiet", f"--dest={SUITE.folder}", OPENAI]
        done = subprocess.run([sys.executable, "-m", "pip", "download", *where], capture_output=True, check=False)
        if done.returncode != 0:
            raise Unavailable(f"{OPENAI} has no source distribution here: {done.stderr[-300:].decode()}")
        with tarfile.open(f"{unpacked}.tar.gz") as archive:
            archive.extractall(SUITE.folder, filter="data")
    return unpacked
