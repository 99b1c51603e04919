"""What the command line prints: tables for people, JSON for programs. The only place that prints."""

import json
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from shadowbert.flow.report import CandidateReport, TaskReport
from shadowbert.reporting import percent, stage_of

STAGE_STYLE = {"live": "bold green", "canary": "yellow", "shadow": "cyan", "paused": "magenta", "off": "dim"}


def console(*, stderr: bool = False) -> Console:
    return Console(stderr=stderr, highlight=False, soft_wrap=stderr)


def say(text: str) -> None:
    console().print(text, markup=False, soft_wrap=True)


def complain(text: str) -> None:
    console(stderr=True).print(f"shadowbert: {text}", markup=False)


def emit(data: object) -> None:
    """One JSON document."""
    console().print_json(json.dumps(data, default=str, ensure_ascii=False))


def tasks_table(tasks: Sequence[TaskReport]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("task", "teacher", "stage", "examples", "agreement", "bound", "target", "coverage", "missing"):
        table.add_column(name, overflow="fold")
    for task in tasks:
        table.add_row(*_cells(task))
    return table


def _cells(task: TaskReport) -> list[str]:
    leading = task.leading
    style = "bold red" if task.forced or (leading and not leading.supported) else STAGE_STYLE.get(task.stage, "")
    stage = f"[{style}]{stage_of(task)}[/]" if style else stage_of(task)
    agreement = "-" if leading is None else f"{percent(leading.agreement)} of {leading.rows}"
    bound = "-" if leading is None else percent(leading.bound)
    coverage = "-" if leading is None else percent(leading.coverage)
    name = task.task.replace("[", r"\[")
    return [
        name, task.teacher.replace("[", r"\["), stage, str(task.examples), agreement, bound, percent(task.target),
        coverage, task.missing or "-",
    ]  # fmt: skip


def candidates_table(candidates: Iterable[CandidateReport]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (
        "candidate",
        "student",
        "threshold",
        "agree",
        "of",
        "bound",
        "coverage",
        "kappa",
        "AC1",
        "macro-F1",
        "verdict",
    ):
        table.add_column(name)
    for c in candidates:
        measures = ["-" if value is None else f"{value:.2f}" for value in (c.kappa, c.ac1, c.macro_f1)]
        table.add_row(
            f"{c.number}{' serving' if c.serving else ''}", f"{c.student} {c.recipe}", f"{c.threshold:.3f}",
            str(c.agree), str(c.rows), percent(c.bound), percent(c.coverage), *measures, c.verdict,
        )  # fmt: skip
    return table
