"""`shadowbert status` and `shadowbert show`: what there is to see."""

from datetime import UTC, datetime

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
from shadowbert.cli.output import candidates_table, console, emit, say, tasks_table
from shadowbert.errors import UnknownTask
from shadowbert.flow.report import TaskReport
from shadowbert.reporting import as_data, milliseconds, percent, stage_of


def status(
    config: ConfigOption = None, pairs: SetOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """One line per task: stage, examples, agreement with its bound, coverage, what is missing."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_report(settings) as report:
            tasks = report.tasks()
    if as_json:
        emit([as_data(task) for task in tasks])
    elif tasks:
        console().print(tasks_table(tasks))
    else:
        say("No task has been found yet: 20 different calls with the same closed-set output make one.")


def show(
    task: TaskArgument,
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Everything about one task: contract, students, candidates, evidence, who answered, verdicts."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_report(settings) as report:
            versions = report.tasks(name=task)
            if not versions:
                names = sorted({t.task for t in report.tasks()})
                known = f"known tasks: {', '.join(names)}" if names else "no task has been found yet"
                raise UnknownTask(f"no task is called {task!r}; {known}")
    if as_json:
        emit([as_data(version) for version in versions])
        return
    for version in versions:
        _show(version)


def _show(task: TaskReport) -> None:
    say(f"{task.task}  ({task.teacher}, version {task.version})")
    say(f"  stage      {stage_of(task)}{f'; missing: {task.missing}' if task.missing else ''}")
    for field in task.contract.fields:
        labels = [field.label(index) for index in range(field.classes)]
        say(f"  field      {field.name}: {', '.join(labels[:12])}{' ...' if len(labels) > 12 else ''}")
    total = task.by_student + task.by_llm
    share = percent(task.by_student / total if total else None)
    say(f"  answered   {task.by_student} of {total} by a student ({share})")
    say(f"  median     student {milliseconds(task.student_ms)}, LLM {milliseconds(task.llm_ms)}")
    say(f"  examples   {task.examples}{_counts('; taught nothing', task.unfit)}")
    if task.reasons:
        say(f"  to the LLM {_counts('', task.reasons)}")
    if task.candidates:
        console().print(candidates_table(task.candidates))
    for row in task.verdicts[-10:]:
        when = datetime.fromtimestamp(row.at, UTC).strftime("%Y-%m-%d %H:%M:%S")
        say(f"  {when}  {row.stage_before} -> {row.verdict.stage}  by {row.by}: {row.verdict.reason}")


def _counts(title: str, counts: object) -> str:
    items = sorted(dict(counts).items(), key=lambda item: -item[1]) if isinstance(counts, dict) else []
    text = ", ".join(f"{name} {n}" for name, n in items)
    return f"{title}: {text}" if title and text else text
