"""`shadowbert alerts`: what people were told and whether it arrived; `alerts test` sends one now."""

from collections.abc import Iterator, Sequence

import typer
from rich.text import Text

from shadowbert.cli.context import (
    ConfigOption,
    DataDirOption,
    JsonOption,
    SetOption,
    failures,
    gather,
    opened_operations,
    operator,
)
from shadowbert.cli.output import emit, say, say_lines
from shadowbert.domain.alert import Alert
from shadowbert.flow.alerts import alert_data, delivery_of
from shadowbert.gating.wording import moment

alerts = typer.Typer(help="What people were told by themselves, newest first, and whether it arrived.")
NONE_YET = "No alert yet."
UNDELIVERED = 1


@alerts.callback(invoke_without_command=True)
def listing(
    context: typer.Context,
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """What people were told by themselves, newest first, and whether it arrived."""
    if context.invoked_subcommand is not None:
        return
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_operations(settings) as operations:
            told = operations.alerts.latest()
    if as_json:
        emit([alert_data(alert) for alert in told])
    elif told:
        say_lines(_lines(told))
    else:
        say(NONE_YET)


@alerts.command("test")
def send_test(
    config: ConfigOption = None, pairs: SetOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """Send one now, by these settings, and say what came of it; exit code 1 where it did not arrive."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        with opened_operations(settings) as operations:
            tested = operations.alerts.test(operator(""))
    if as_json:
        emit(alert_data(tested))
    else:
        say(f"the test alert: {delivery_of(tested)}")
    if tested.delivered_at is None:
        raise typer.Exit(UNDELIVERED)


def _lines(told: Sequence[Alert]) -> Iterator[Text]:
    for alert in told:
        style = "green" if alert.kind.good else "bold red"
        kind = alert.kind.value.replace("_", " ")
        yield Text.assemble((moment(alert.at), "dim"), "  ", (kind, style), f"  {alert.event.task or '-'}")
        yield Text(f"    {alert.event.text}")
        yield Text(f"    {delivery_of(alert)}", style="dim")
