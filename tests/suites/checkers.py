"""Two checkers of OpenAI-compatible APIs, written by others: run once relayed, and once with a student in charge."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from shadowbert.domain.route import Source
from tests.clients.drivers.common import MODEL
from tests.clients.stand import Stand, standing
from tests.e2e.tree import environment
from tests.suites.student import enthrone
from tests.suites.tools import CANARY, ROUTER, Tool

KEY = "sk-checker"
STANDS = ("pass", "skip")
SILENT: Mapping[str, str] = {"chat.pong": "fail"}
"""Neither of the two minds says PONG."""
AT_ONCE: Mapping[str, str] = {"stream.incremental-delivery": "warn"}
"""It counts milliseconds, and the student says all within one."""
Checker = Callable[[str, Path], Mapping[str, str]]
"""(base URL, a folder to write in) to the status of each check."""


@dataclass(frozen=True)
class Checked:
    """`relayed` and `student`: check to status; `local`: calls that the student answered; `called`: all calls."""

    relayed: Mapping[str, str]
    student: Mapping[str, str]
    local: int
    called: int

    @property
    def failed(self) -> set[str]:
        return _failed(self.relayed, SILENT) | _failed(self.student, {**SILENT, **AT_ONCE})


def compat_canary(base_url: str, folder: Path) -> Mapping[str, str]:
    report = folder / "canary.json"
    asked = ["scan", "--base-url", base_url, "--model", MODEL, "--api-key", KEY, "--fail-on", "never"]
    _ran([*Tool(CANARY, "compatcanary").command, *asked, "--format", "json", "--output", str(report)])
    return {check["id"]: check["status"] for check in json.loads(report.read_text())["results"]}


def provider_check(base_url: str, folder: Path) -> Mapping[str, str]:
    report = folder / "provider.json"
    asked = ["--base-url", base_url, "--model", MODEL, "--api-key", KEY, "--tier", "5", "--json", str(report)]
    _ran([*Tool(ROUTER, "trustedrouter-provider-check").command, *asked])
    return {check["id"]: check["status"] for check in json.loads(report.read_text())["checks"]}


def check(checker: Checker) -> Checked:
    """Raises Unavailable where the checker cannot be installed."""
    with tempfile.TemporaryDirectory() as folder, standing(Path(folder), pause_ms=2.0) as stand:
        relayed = checker(f"{stand.url}/v1", Path(folder))
        enthrone(stand, stand.rows)
        before = len(stand.rows)
        student = checker(f"{stand.url}/v1", Path(folder))
        return Checked(relayed, student, _local(stand, before), len(stand.rows) - before)


def _failed(statuses: Mapping[str, str], expected: Mapping[str, str]) -> set[str]:
    return {check for check, status in statuses.items() if status not in (*STANDS, expected.get(check))}


def _local(stand: Stand, before: int) -> int:
    return sum(row.route.source is Source.STUDENT for row in stand.rows[before:])


def _ran(command: list[str]) -> None:
    """Its exit code says what its report says in full."""
    subprocess.run(command, env=environment(), capture_output=True, timeout=120, check=False)
