"""Lays tasks out for a terminal: aligned figures, and under each task in words what it waits for.

Pure: reports in, lines out. A width of None means that nobody minds long lines (a pipe).
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from shadowbert.flow.fills import described
from shadowbert.flow.labelled import told_of
from shadowbert.flow.report import CandidateReport, TaskReport
from shadowbert.gating.wording import moment
from shadowbert.reporting import (
    arranged_of,
    because,
    following_of,
    heirlooms_of,
    learnable_of,
    milliseconds,
    percent,
    stage_of,
    training_of,
)

STYLES = {"live": "bold green", "canary": "yellow", "shadow": "cyan", "paused": "magenta", "off": "dim"}
RED = "bold red"
COLUMNS = ("task", "stage", "examples", "agreement", "bound", "coverage")
WIDE = ("task", "teacher", "stage", "examples", "agreement", "bound", "target", "coverage")
WIDE_FROM = 110
GAP = "  "
INDENT = 11
LABELS_SHOWN = 12
TEACHER_SHOWN = 28
VERDICTS_SHOWN = 10


def status_lines(tasks: Sequence[TaskReport], width: int | None) -> Iterator[Text]:
    """A line of figures a task. A name that leaves them no room stands on a line of its own, for it is to be typed."""
    names = WIDE if width is None or width >= WIDE_FROM else COLUMNS
    rows = [_cells(task, names) for task in tasks]
    widths = [max(len(name), *(len(row[k]) for row in rows)) for k, name in enumerate(names)]
    room = None if width is None else width - sum(widths[1:]) - len(GAP) * (len(widths) - 1)
    fitting = [len(row[0]) for row in rows if room is None or len(row[0]) <= room]
    widths[0] = max(len(names[0]), *fitting) if fitting else len(names[0])
    yield Text(_joined(names, widths), style="bold")
    for task, row in zip(tasks, rows, strict=True):
        if len(row[0]) > widths[0]:
            yield Text(row[0])
            row = ("", *row[1:])  # noqa: PLW2901 - the same row, without its name
        yield _styled(_joined(row, widths), task)
        yield from _told(task, width)


def task_lines(task: TaskReport, width: int | None) -> Iterator[Text]:
    """Everything about one version."""
    yield Text(f"{task.task}  ({task.teacher}, version {task.version})", style="bold")
    facts = [("stage", stage_of(task)), *_standing(task), *_fields(task), *_traffic(task)]
    for label, text in facts:
        yield from _fact(label, text, width, style=RED if label == "red" else "")
    for candidate in reversed(task.candidates):
        yield from _candidate(candidate, width, leading=candidate == task.leading)
    for label, text in _card(task):
        yield from _fact(label, text, width)
    for row in task.verdicts[-VERDICTS_SHOWN:]:
        why = "" if row.why == "asked for" or row.why in row.verdict.reason else f" ({row.why})"
        text = f"{moment(row.at)}  {row.stage_before} -> {row.verdict.stage}  by {row.by}: {row.verdict.reason}{why}"
        yield from _fact("verdict", text, width)


def alarms(task: TaskReport) -> list[str]:
    """Why a task is shown in red."""
    found = ["cut over by force: the gate has not agreed yet"] if task.forced else []
    found += [task.without_alarms] if task.without_alarms else []
    leading = task.leading
    found += ["the latest audits do not support the target"] if leading and not leading.supported else []
    found += [task.unchecked.words(task.task)] if task.unchecked else []
    beyond = task.ceiling.impossible(task.target)
    return [*found, beyond] if beyond else found


def _cells(task: TaskReport, names: Sequence[str]) -> tuple[str, ...]:
    leading = task.leading
    shown = leading if leading and leading.rows else None
    cells = {
        "task": task.task,
        "teacher": _shortened(task.teacher),
        "stage": stage_of(task),
        "examples": str(task.examples),
        "agreement": f"{percent(shown.agreement)} of {shown.rows}" if shown else "-",
        "bound": percent(shown.bound if shown else None),
        "target": percent(task.target),
        "coverage": percent(shown.coverage if shown else None),
    }
    return tuple(cells[name] for name in names)


def _shortened(teacher: str) -> str:
    """Nobody types it; `show` has it whole."""
    return teacher if len(teacher) <= TEACHER_SHOWN else f"{teacher[: TEACHER_SHOWN - 3]}..."


def _joined(cells: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _styled(line: str, task: TaskReport) -> Text:
    text, stage = Text(line), stage_of(task)
    at = line.rfind(GAP + stage) + len(GAP)
    text.stylize(RED if task.red else STYLES.get(task.stage, ""), at, at + len(stage))
    return text


def _told(task: TaskReport, width: int | None) -> Iterator[Text]:
    for alarm in alarms(task):
        yield from _wrapped(f"  red: {alarm}", "    ", width, style=RED)
    for told in (arranged_of(task), learnable_of(task), task.ceiling.doubtful(task.target)):
        if told:
            yield from _wrapped(f"  {told}", "    ", width, style="dim")
    if task.missing:
        yield from _wrapped(f"  missing: {task.missing}", "    ", width, style="dim")
    if task.audits:
        yield from _wrapped(f"  {task.audits}", "    ", width, style="dim")
    if task.training and task.training.progress:
        yield from _wrapped(f"  training: {training_of(task)}", "    ", width, style="dim")


def _standing(task: TaskReport) -> Iterator[tuple[str, str]]:
    if arranged := arranged_of(task):
        yield "task", arranged
    yield from (("red", alarm) for alarm in alarms(task))
    if task.missing:
        yield "missing", task.missing
    if task.audits:
        yield "audits", task.audits.removeprefix("audits ")
    if training := training_of(task):
        yield "training", training
    if task.students and (following := following_of(task)):
        yield "students", f"{len(task.students)}, {following}"
    if task.reads:
        yield "reads", task.reads
    if task.foreign:
        yield "language", task.foreign
    if task.students and task.outlook.words:
        yield "outlook", task.outlook.words


def _fields(task: TaskReport) -> Iterator[tuple[str, str]]:
    for field in task.contract.fields:
        labels = [field.label(index) for index in range(field.classes)]
        more = f" and {len(labels) - LABELS_SHOWN} more" if len(labels) > LABELS_SHOWN else ""
        yield "field", f"{field.name}: {', '.join(labels[:LABELS_SHOWN])}{more}"
    for part in task.contract.unlearnable:
        yield "free", f"{part.name}: {part.why}, {described(task.fills.get(part.name))}"
    if learnable := learnable_of(task):
        yield "learnable", learnable


def _traffic(task: TaskReport) -> Iterator[tuple[str, str]]:
    total = task.by_student + task.by_llm
    share = percent(task.by_student / total if total else None)
    yield "answered", f"{task.by_student} of {total} by a student ({share})"
    yield "median", f"student {milliseconds(task.student_ms)}, LLM {milliseconds(task.llm_ms)}"
    yield "examples", f"{task.examples}{f'; taught nothing: {_counts(task.unfit)}' if task.unfit else ''}"
    if task.examples:
        yield "ceiling", task.material.agreement
        yield from (("", told) for told in task.ceiling.sentences())
    if doubtful := task.ceiling.doubtful(task.target):
        yield "beware", doubtful
    yield from (("labels", told) for told in (task.material.not_learnable, task.material.warning) if told)
    yield from (("people" if number == 0 else "", told) for number, told in enumerate(task.truth.sentences()))
    if task.material.corrected:
        yield "corrected", task.material.corrected
    if task.material.callers:
        yield "callers", task.material.callers
    if heirlooms := heirlooms_of(task):
        yield "inherited", heirlooms
    if task.reasons:
        yield "to the LLM", _counts(task.reasons)


def _candidate(candidate: CandidateReport, width: int | None, *, leading: bool) -> Iterator[Text]:
    c = candidate
    measures = {"kappa": c.kappa, "AC1": c.ac1, "macro-F1": c.macro_f1}
    known = "".join(f", {name} {value:.2f}" for name, value in measures.items() if value is not None)
    serving = "serving, " if c.serving else ""
    yield from _fact(
        "candidate", f"{c.number}: {serving}student {c.student} ({c.recipe}), sure from {c.threshold:.3f}", width
    )
    figures = f"{c.agree} of {c.rows} agree ({percent(c.agreement)}), bound {percent(c.bound)}"
    yield from _fact("", f"{figures}, coverage {percent(c.coverage)}{known}", width)
    yield from _fact("", c.verdict, width)
    if c.missing and not leading:  # what the leading one waits for, the task does
        yield from _fact("", f"missing: {c.missing}", width)
    if c.excluded:
        yield from _fact("", f"never answers {', '.join(c.excluded)}: too few examples when it was trained", width)
    if told := c.labels.words:
        yield from _fact("labels", told, width)
    for label in c.labels.weak:
        yield from _fact("", told_of(label), width)


def _card(task: TaskReport) -> Iterator[tuple[str, str]]:
    """How the leading student was made and judged, and what it mixes up."""
    if task.why_low:
        yield "coverage", task.why_low
    if shown := task.described:
        yield "student", f"{shown.student}: {shown.recipe}"
        yield from (("", f"{field.name}: {shown.judged(field)}") for field in shown.card.fields)
        yield "", shown.calibration
        yield from (("mixes up" if number == 0 else "", told) for number, told in enumerate(shown.confusions))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{because(name)} {n}" for name, n in sorted(counts.items(), key=lambda item: -item[1]))


def _fact(label: str, text: str, width: int | None, *, style: str = "") -> Iterator[Text]:
    return _wrapped(f"  {label:<{INDENT}}{text}", " " * (INDENT + 2), width, style=style)


def _wrapped(line: str, indent: str, width: int | None, *, style: str = "") -> Iterator[Text]:
    lines = [line] if width is None else textwrap.wrap(line, max(width, 40), subsequent_indent=indent)
    return (Text(part, style=style) for part in lines)
