"""The report in words and as plain JSON values: the same for the command line, the admin API and the page."""

from typing import Any

from shadowbert.flow.report import CandidateReport, TaskReport


def percent(share: float | None) -> str:
    """Rounded down, so that nothing ever looks better than it is."""
    return "-" if share is None else f"{int(share * 1000 + 1e-9) / 10:.1f} %"


def milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def stage_of(task: TaskReport) -> str:
    share = f" {task.share:.0%}" if task.stage == "canary" else ""
    return f"{task.stage}{share}{' forced' if task.forced else ''}{' held' if task.held else ''}"


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
