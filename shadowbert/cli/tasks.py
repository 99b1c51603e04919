"""`shadowbert status` and `shadowbert show`: what there is to see."""

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
from shadowbert.cli.layout import status_lines, task_lines
from shadowbert.cli.lineages import lineage_lines
from shadowbert.cli.output import columns, emit, say, say_lines
from shadowbert.cli.unrecognised import tell
from shadowbert.errors import UnknownTask
from shadowbert.reporting import as_data, line_data

NONE_YET = "No task has been found yet: 20 different calls with the same closed-set output make one."


def status(
    config: ConfigOption = None, pairs: SetOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """One line per version of a task: stage, examples, agreement with its bound, coverage, what is missing."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_report(settings) as report:
            tasks, notices = report.tasks(), report.notices()
    if as_json:
        emit([as_data(task) for task in tasks])
        return
    if tasks:
        say_lines(status_lines(tasks, columns()))
    else:
        say(NONE_YET)
    for notice in notices:
        say(notice)


def tasks(
    config: ConfigOption = None, pairs: SetOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """One line per task: stage, versions, calls, what of the answer can be learnt, teachers."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_report(settings) as report:
            found, notices = report.lineages(), report.notices()
    if as_json:
        emit([line_data(task) for task in found])
        return
    if found:
        say_lines(lineage_lines(found, columns()))
    else:
        say(NONE_YET)
    for notice in notices:
        say(notice)


def show(
    task: TaskArgument,
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Everything about one task: contract, students, candidates, evidence, who answered, verdicts.

    `show unrecognised` shows the calls of no task, unless a task has that name.
    """
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_report(settings) as report:
            try:
                versions = report.task(task)
            except UnknownTask:
                if task != "unrecognised":
                    raise
                tell(report.unrecognised(), as_json=as_json)
                return
    if as_json:
        emit([as_data(version) for version in versions])
        return
    for version in versions:
        say_lines(task_lines(version, columns()))
