"""`python -m shadowbert.bert.training JOBDIR`: one training in a process of its own.

The parent sets OMP_NUM_THREADS and OMP_WAIT_POLICY and reads JSON lines; the last one is `published` (exit 0) or
`failed` with a reason (exit 1, the traceback on standard error).
"""

import argparse
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType

from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.progress import emit
from shadowbert.bert.training.train import train
from shadowbert.errors import RankDied
from shadowbert.lifeline import follow

OUT_OF_MEMORY = (
    "can't allocate memory", "Cannot allocate memory", "bad_alloc", "out of memory", "could not create a primitive",
)  # fmt: skip
"""Torch, the system, ONNX Runtime, CUDA and oneDNN."""


def main(folder: Path) -> None:
    job = read_job(folder)
    manifest = train(job)
    emit(
        "published", artifact=str(job.artifact_dir), recipe=manifest.recipe, variant=manifest.variant, **manifest.scores
    )


def report_failure(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
    """Installed as `sys.excepthook`: the interpreter itself ends with exit code 1 after it."""
    reason = str(exc) or kind.__name__
    emit("failed", reason=reason, kind=kind.__name__, again=may_pass(exc))
    traceback.print_exception(kind, exc, trace)


def may_pass(exc: BaseException) -> bool:
    """Whether another attempt is worth its while. Libraries have no exception for memory on CPU, only words."""
    return isinstance(exc, MemoryError | RankDied) or any(phrase in str(exc) for phrase in OUT_OF_MEMORY)


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shadowbert.bert.training", description="Train one student.")
    parser.add_argument("folder", type=Path, metavar="JOBDIR")
    parser.add_argument("--lifeline", type=int, help="a pipe that the parent holds open as long as it lives")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.excepthook = report_failure
    os.umask(0o077)  # what we write holds prompts
    given = arguments(sys.argv[1:])
    if given.lifeline is not None:
        follow(given.lifeline, grace_s=1.0)
    main(given.folder)
