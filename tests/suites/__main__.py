"""Runs the outside suites and writes down what they found: `python -m tests.suites`.

Exit code 1 when something fails that does not fail without us, or cannot be run.
"""

import sys
from collections.abc import Mapping

from tests.clients.__main__ import say
from tests.clients.environments import Unavailable
from tests.clients.report import keep, publish
from tests.suites.checkers import Checked, Checker, check, compat_canary, provider_check
from tests.suites.openai_suite import tally
from tests.suites.tools import CANARY, OPENAI, ROUTER

CHECKERS: Mapping[str, Checker] = {CANARY.version: compat_canary, ROUTER.version: provider_check}


def main() -> int:
    lines, found, wrong = ["| suite | found |", "|---|---|"], {}, 0
    try:
        counts = tally()
        found[OPENAI] = counts
        wrong += counts["through shadowbert"] != counts["direct"]
        told = "; ".join(f"{where}: {_counted(passed)}" for where, passed in counts.items())
        lines.append(f"| `{OPENAI}`, `tests/api_resources` | {told} |")
        for name, checker in CHECKERS.items():
            checked = check(checker)
            found[name] = {"relayed": dict(checked.relayed), "student": dict(checked.student)}
            wrong += len(checked.failed) or not checked.local
            lines.append(f"| `{name}` | {_told(checked)} |")
    except Unavailable as error:
        say(f"NOT RUN: {error}")
        return 1
    say("\n".join(lines))
    keep("suites", found)
    publish("suites", "\n".join(lines) + "\n")
    return int(bool(wrong))


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} {word}" for word, n in counts.items())


def _told(checked: Checked) -> str:
    relayed, student = (_passed(statuses) for statuses in (checked.relayed, checked.student))
    return (
        f"relayed: {relayed}; student in charge: {student} ({checked.local} of {checked.called} calls answered by it)"
    )


def _passed(statuses: Mapping[str, str]) -> str:
    """What did not pass is named as the checker names it."""
    others = [f"{check} {status}" for check, status in statuses.items() if status not in ("pass", "skip")]
    ran = [status for status in statuses.values() if status != "skip"]
    return ", ".join([f"{ran.count('pass')} of {len(ran)} passed", *(f"`{other}`" for other in others)])


if __name__ == "__main__":
    sys.exit(main())
