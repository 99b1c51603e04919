"""`shadowbert export`: take a student away, as a folder that runs without shadowbert."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from shadowbert.bert.serving.takeaway import write
from shadowbert.cli.operating import Hand, on_task
from shadowbert.cli.output import emit, say
from shadowbert.errors import OperatorError
from shadowbert.flow.takeaway import folder_name

TRANSFORMERS = "transformers"
PART = "encoder and heads for AutoModelForSequenceClassification, without words and neighbours"


@on_task
def export(
    hand: Hand,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Where to write it; TASK-student-N by default.")
    ] = None,
    student: Annotated[int | None, typer.Option("--student", help="By number; what serves, else the newest.")] = None,
    transformers: Annotated[
        bool, typer.Option("--transformers", help="Also for AutoModelForSequenceClassification; needs torch.")
    ] = False,
    version: Annotated[str, typer.Option("--version", help="A version by its id, or how that begins.")] = "",
) -> None:
    """Write a student as a folder that runs without shadowbert: model, tokenizer, model card and a loader."""
    own, chosen = hand.operations.takeaway.chosen(hand.task, version=version, number=student)
    target = to or Path(folder_name(own, chosen))
    if target.exists():
        raise OperatorError(f"{target} exists already, and nothing is overwritten: say another place with --to")
    try:
        files = write(hand.settings.data_dir / chosen.artifact, target)
    except OSError as error:
        raise OperatorError(f"{target} cannot be written: {error.strerror or error}") from None
    refusal = _for_transformers(target) if transformers else ""
    if hand.as_json:
        told = {"task": own.task, "version": own.id, "student": chosen.number, "recipe": chosen.recipe}
        emit({**told, "folder": str(target.resolve()), "files": files, "transformers_refused": refusal})
        return
    say(f"{own.task}: student {chosen.number} ({chosen.recipe}, {chosen.examples:,} examples) is in {target}")
    say(f'Try it without shadowbert: python {target / "student.py"} "some text"')
    if transformers:
        say(f"No {target / TRANSFORMERS}: {refusal}" if refusal else f"In {target / TRANSFORMERS}: {PART}")


def _for_transformers(folder: Path) -> str:
    """Why there is nothing for it; empty where there is. In a process of its own, for this one never loads torch."""
    command = [sys.executable, str(folder / "sequence_classification.py"), str(folder / TRANSFORMERS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own file, no shell
    *_, last = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
    return last if done.returncode else ""
