"""`shadowbert demo`: the whole product on this machine, checked by itself."""

from pathlib import Path
from typing import Annotated

import typer

from shadowbert.cli.context import failures
from shadowbert.cli.output import console
from shadowbert.demo.labelled import Columns
from shadowbert.demo.run import Options, run
from shadowbert.demo.upstream import Weather


def demo(
    target: Annotated[float, typer.Option(min=0.5, max=0.99, help="Agreement that the gate must see proven.")] = 0.90,
    data: Annotated[
        Path | None, typer.Option(help="Your own labelled messages (JSON Lines) instead of the support tickets.")
    ] = None,
    text: Annotated[str, typer.Option(help="The field of --data that holds the message.")] = "text",
    label: Annotated[str, typer.Option(help="The fields of --data to predict, separated by commas.")] = "label",
    upstream: Annotated[
        str | None, typer.Option(help="A real API instead of the simulated one; needs OPENAI_API_KEY and costs money.")
    ] = None,
    model: Annotated[str, typer.Option(help="The model that the caller names.")] = "gpt-4o-mini",
    noise: Annotated[
        float, typer.Option(min=0, max=1, help="Share of simulated answers with one wrong label.")
    ] = 0.005,
    faults: Annotated[float, typer.Option(min=0, max=1, help="Share of simulated calls that fail.")] = 0.002,
    speed: Annotated[float, typer.Option(min=1, help="How many times faster than real the simulation answers.")] = 20,
    keep: Annotated[Path | None, typer.Option(help="Keep database, journal and students in this directory.")] = None,
) -> None:
    """Show everything on this machine: calls, training, the gate, the cut-over. Exits with 1 if a promise breaks."""
    with failures():
        options = Options(
            target=target,
            data=data,
            columns=Columns(text, tuple(name.strip() for name in label.split(",") if name.strip())),
            upstream=upstream,
            model=model,
            keep=keep,
            weather=Weather(noise=noise, faults=faults, speed=speed),
        )
        raise typer.Exit(run(options, console()))
