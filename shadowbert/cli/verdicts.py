"""`shadowbert verdicts`: what became of a task, who or what decided it, and on which numbers."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from shadowbert.cli.context import (
    ConfigOption,
    DataDirOption,
    JsonOption,
    SetOption,
    TaskArgument,
    failures,
    gather,
    opened_report,
)
from shadowbert.cli.output import emit, say, say_lines
from shadowbert.domain.records import VerdictRow
from shadowbert.flow.history import Told
from shadowbert.flow.operate import ASKED
from shadowbert.gating.wording import moment

INDENT = "  "


def verdicts(
    task: TaskArgument,
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every move of one task, oldest first: when, by whom, why, and the numbers it rests on."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_report(settings) as report:
            told = report.verdicts(task)
    if as_json:
        emit([verdict.to_json() for verdict in told])
    elif told:
        say_lines(verdict_lines(told))
    else:
        say(f"Nothing has been decided on task {task} yet.")


def verdict_lines(told: Sequence[Told]) -> Iterator[Text]:
    """The versions of a task are told apart where it has several."""
    several = len({verdict.row.version_id for verdict in told}) > 1
    for row in (verdict.row for verdict in told):
        of = f"  version {row.version_id}" if several else ""
        yield Text(f"{moment(row.at)}  {_move(row)}  by {row.by}{of}", style="bold")
        yield Text(f"{INDENT}{row.verdict.reason}")
        if row.why != ASKED and row.why not in row.verdict.reason:
            yield Text(f"{INDENT}why: {row.why}")
        if row.verdict.missing:
            yield Text(f"{INDENT}missing: {row.verdict.missing}")
        if row.verdict.numbers:
            yield Text(INDENT + ", ".join(f"{name} {n:g}" for name, n in row.verdict.numbers.items()), style="dim")


def _move(row: VerdictRow) -> str:
    verdict = row.verdict
    share = f" {verdict.share:.0%}" if verdict.stage == "canary" and verdict.share is not None else ""
    marks = f"{' forced' if row.forced else ''}{' held' if row.held else ''}{' alarms off' if row.alarms_off else ''}"
    marks += " frozen" if row.frozen else " unaudited" if row.unaudited else ""
    return f"{row.stage_before} -> {verdict.stage or row.stage_before}{share}{marks}  {verdict.move} ({verdict.ruling})"
