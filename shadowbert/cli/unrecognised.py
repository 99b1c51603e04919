"""`shadowbert unrecognised`: the calls that belong to no task, why, and what the groups among them wait for."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from shadowbert.cli.context import ConfigOption, DataDirOption, JsonOption, SetOption, failures, gather, opened_report
from shadowbert.cli.output import emit, say_lines
from shadowbert.flow.unrecognised import Unrecognised
from shadowbert.gating.wording import moment
from shadowbert.reporting import because, percent, unrecognised_data, waiting_for

GAP = "  "


def unrecognised(
    config: ConfigOption = None, pairs: SetOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """The latest calls of no task: why they are none, and which of them may become one."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_report(settings) as report:
            seen = report.unrecognised()
    tell(seen, as_json=as_json)


def tell(seen: Unrecognised, *, as_json: bool) -> None:
    if as_json:
        emit(unrecognised_data(seen))
    else:
        say_lines(unrecognised_lines(seen))


def unrecognised_lines(seen: Unrecognised) -> Iterator[Text]:
    if seen.since is None:
        yield Text("No call has been read yet.")
        return
    of = f"of the latest {seen.observed:,} calls, since {moment(seen.since)}"
    yield Text(f"{seen.calls:,} calls of no task ({percent(seen.share(seen.calls))}) {of}", style="bold")
    if seen.reasons:
        head = ("calls", "share", "last seen", "why")
        rows = [
            (f"{r.calls:,}", percent(seen.share(r.calls)), moment(r.last_at), because(r.reason)) for r in seen.reasons
        ]
        yield from _table(head, rows)
    if seen.groups:
        yield Text("")
        yield Text("Those among them that could become a task, by what they have in common", style="bold")
        for group in seen.groups:
            what = (group.teacher or "-", group.endpoint, group.client or "-", f"last seen {moment(group.last_at)}")
            yield Text(f"{group.calls:,} call{'' if group.calls == 1 else 's'}{GAP}{GAP.join(what)}")
            yield Text(f"  no task: {waiting_for(group)}", style="dim")
            yield Text(f"  for example exchange {group.example}", style="dim")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Text]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for at, row in enumerate([head, *rows]):
        line = GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield Text(line.rstrip(), style="" if at else "bold")
