"""Lays tasks out for a terminal, a line each. Pure: lines of the report in, lines of text out."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from shadowbert.cli.layout import GAP, STYLES
from shadowbert.flow.lineages import TaskLine
from shadowbert.reporting import contract_of, fields_of, stage_of

COLUMNS = ("task", "stage", "versions", "calls", "learnable", "answers", "fields", "teachers")
NAME_SHOWN = 32
"""On a terminal a longer name stands on a line of its own, for it is to be typed."""


def lineage_lines(tasks: Sequence[TaskLine], width: int | None) -> Iterator[Text]:
    """What does not fit is cut off at the end; `show` has it whole. A width of None means that nobody minds."""
    rows = [_cells(task) for task in tasks]
    fitting = [row for row in rows if width is None or len(row[0]) <= NAME_SHOWN]
    widths = [max(len(row[k]) for row in (COLUMNS, *(rows if k else fitting))) for k in range(len(COLUMNS))]
    yield Text(_cut(COLUMNS, widths, width), style="bold")
    for task, row in zip(tasks, rows, strict=True):
        if row not in fitting:
            yield Text(row[0])
        cells = row if row in fitting else ("", *row[1:])
        line = Text(_cut(cells, widths, width))
        at = widths[0] + len(GAP)
        line.stylize(STYLES.get(task.stage, ""), at, at + len(row[1]))
        yield line


def _cells(task: TaskLine) -> tuple[str, ...]:
    return (
        task.task,
        f"{stage_of(task)}{' pinned' if task.pinned else ''}",
        str(task.versions),
        str(task.calls),
        f"{len(task.fields)} of {task.parts}",
        contract_of(task),
        fields_of(task),
        ", ".join(task.teachers),
    )


def _cut(cells: Sequence[str], widths: Sequence[int], width: int | None) -> str:
    line = GAP.join(cell.ljust(w) for cell, w in zip(cells, widths, strict=True)).rstrip()
    return line if width is None or len(line) <= width else f"{line[: width - 3]}..."
