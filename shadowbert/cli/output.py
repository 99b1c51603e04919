"""What the command line prints: tables for people, JSON for programs. The only place that prints."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from shadowbert.flow.report import CandidateReport, TaskReport

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


def percent(share: float | None) -> str:
    """Rounded down, so that nothing ever looks better than it is."""
    return "-" if share is None else f"{int(share * 1000 + 1e-9) / 10:.1f} %"


def milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def stage_of(task: TaskReport) -> str:
    share = f" {task.share:.0%}" if task.stage == "canary" else ""
    return f"{task.stage}{share}{' forced' if task.forced else ''}{' held' if task.held else ''}"


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


def as_data(task: TaskReport) -> dict[str, Any]:
    """The report as plain JSON values, the same names as in the code."""
    leading = task.leading
    return {
        "task": task.task,
        "version": task.version,
        "teacher": task.teacher,
        "stage": task.stage.value,
        "share": task.share,
        "forced": task.forced,
        "held": task.held,
        "target": task.target,
        "examples": task.examples,
        "fields": {field.name: list(field.labels) for field in task.contract.fields},
        "agreement": leading.agreement if leading else None,
        "rows": leading.rows if leading else 0,
        "bound": leading.bound if leading else None,
        "coverage": leading.coverage if leading else None,
        "supported": leading.supported if leading else None,
        "missing": task.missing,
        "training": task.training.state if task.training else None,
        "students": [
            {"number": s.number, "recipe": s.recipe, "examples": s.examples, "scores": s.scores} for s in task.students
        ],
        "candidates": [_candidate_data(c) for c in task.candidates],
        "answered_by": {"student": task.by_student, "llm": task.by_llm},
        "reasons": dict(task.reasons),
        "unfit": dict(task.unfit),
        "latency_ms": {"student": task.student_ms, "llm": task.llm_ms},
        "verdicts": [
            {
                "at": v.at, "by": v.by, "ruling": v.verdict.ruling.value, "move": v.verdict.move.value,
                "stage_before": v.stage_before.value, "stage_after": v.verdict.stage, "share": v.verdict.share,
                "reason": v.verdict.reason, "why": v.why, "numbers": v.verdict.numbers,
            }
            for v in task.verdicts
        ],
    }  # fmt: skip


def _candidate_data(c: CandidateReport) -> dict[str, Any]:
    names = (
        "number", "student", "recipe", "threshold", "agree", "disagree", "bound", "coverage", "kappa", "ac1",
        "macro_f1", "verdict", "missing", "serving", "supported", "suspicion",
    )  # fmt: skip
    return {name: getattr(c, name) for name in names}
