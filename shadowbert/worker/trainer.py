"""Starts the training child and reads what it left: the only process here that ever loads torch."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from shadowbert.domain.records import Progress
from shadowbert.flow.train import TrainingResult
from shadowbert.gating.threshold import Scored
from shadowbert.lifeline import Lifeline
from shadowbert.settings import training_environment
from shadowbert.worker.hearing import Hearing

HELDOUT = "heldout.jsonl"
STOP_S = 5.0


class ChildTrainer:
    """Implements the Trainer port. Close it to let go of the children's lifeline."""

    def __init__(self, *, threads: int = 1, nice: int = 10) -> None:
        self._threads, self._nice = threads, nice
        self._lifeline = Lifeline()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lifeline.close()

    def start(self, folder: Path, artifact: Path) -> "ChildTraining":
        """-P: a file in the working directory must not pass for one of our modules."""
        command = [
            sys.executable,
            "-P",
            "-m",
            "shadowbert.bert.training",
            str(folder),
            f"--lifeline={self._lifeline.fd}",
        ]
        with (folder / "progress.jsonl").open("wb") as progress, (folder / "errors.log").open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=progress,
                stderr=errors,
                env=training_environment(self._threads),
                pass_fds=(self._lifeline.fd,),
                start_new_session=True,
            )
        with suppress(OSError):  # it may have ended already, or this system may not let us
            os.setpriority(os.PRIO_PROCESS, process.pid, self._nice)
        return ChildTraining(process, folder, artifact)


class ChildTraining:
    def __init__(self, process: subprocess.Popen[bytes], folder: Path, artifact: Path) -> None:
        self._process, self._artifact = process, artifact
        self._hearing = Hearing(folder / "progress.jsonl")

    def progress(self) -> Progress | None:
        self._hearing.listen()
        return self._hearing.progress

    def result(self) -> TrainingResult | None:
        """None while the child runs."""
        code = self._process.poll()
        if code is None:
            return None
        self._hearing.listen()
        last = self._hearing.last
        if code < 0:
            return TrainingResult(
                published=False, reason=f"the training child was killed by signal {-code}", killed=True
            )
        if code != 0 or last.get("event") != "published":
            return _failed(str(last.get("reason") or f"the training child ended with {code}"))
        try:
            return _published(last, self._artifact)
        except (OSError, ValueError, KeyError) as error:
            return _failed(f"what the training child left cannot be read: {error!r}")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _failed(reason: str) -> TrainingResult:
    return TrainingResult(published=False, reason=reason)


def _published(last: Mapping[str, Any], artifact: Path) -> TrainingResult:
    scores = {name: float(value) for name, value in last.items() if isinstance(value, int | float)}
    heldout = _heldout(artifact / HELDOUT)
    return TrainingResult(published=True, reason="", recipe=str(last["recipe"]), scores=scores, heldout=heldout)


def _heldout(path: Path) -> tuple[Scored, ...]:
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line)
    return tuple(Scored(row["joint"], row["agreed"], tuple(row["answer"])) for row in rows)
