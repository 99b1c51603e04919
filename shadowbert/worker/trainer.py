"""Starts the training child and reads what it left: the only process here that ever loads torch."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from shadowbert.domain.records import Progress
from shadowbert.flow.train import TrainingResult
from shadowbert.gating.threshold import Scored
from shadowbert.lifeline import Lifeline
from shadowbert.settings import training_environment
from shadowbert.worker.hearing import Hearing
from shadowbert.worker.vigil import Vigil, worked

HELDOUT = "heldout.jsonl"
STOP_S = 5.0
REASON_LENGTH = 300
OFTEN = MappingProxyType({9: ": often because memory ran out"})
"""What mostly sends a signal that nobody owns up to."""


class ChildTrainer:
    """Implements the Trainer port. Close it to let go of the children's lifeline."""

    def __init__(self, *, threads: int = 1, nice: int = 10, patience_s: float = 600.0) -> None:
        """A child without a sign of life for so long is ended."""
        self._threads, self._nice, self._patience_s = threads, nice, patience_s
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
                # Out of the terminal's group. No session of its own: Linux shares the processor out between sessions
                # first (autogroup), and "nice" counts within one only.
                process_group=0,
            )
        with suppress(OSError):  # it may have ended already, or this system may not let us
            os.setpriority(os.PRIO_PROCESS, process.pid, self._nice)
        return ChildTraining(process, folder, artifact, Vigil(self._patience_s))


class ChildTraining:
    def __init__(self, process: subprocess.Popen[bytes], folder: Path, artifact: Path, vigil: Vigil) -> None:
        self._process, self._artifact, self._vigil = process, artifact, vigil
        self._hearing, self._errors = Hearing(folder / "progress.jsonl"), folder / "errors.log"
        self._stuck = ""

    def progress(self) -> Progress | None:
        self._hearing.listen()
        return self._hearing.progress

    def result(self) -> TrainingResult | None:
        """None while the child runs. One that is stuck is ended here."""
        code = self._process.poll()
        self._hearing.listen()
        if code is None:
            self._stuck = self._vigil.stuck(self._hearing.lines, worked(self._process.pid))
            if not self._stuck:
                return None
            self._process.kill()
            code = self._process.wait()
        return self._ended(code)

    def _ended(self, code: int) -> TrainingResult:
        last = self._hearing.last
        if self._stuck:
            return _failed(f"the training child was stuck: {self._stuck}", again=True)
        if code < 0:
            return _failed(f"the training child was killed by signal {-code}{OFTEN.get(-code, '')}", again=True)
        if last.get("event") == "failed":
            return _failed(str(last.get("reason")), again=bool(last.get("again")))
        if code != 0 or last.get("event") != "published":
            return _failed(f"the training child ended with {code}{_last_words(self._errors)}", again=True)
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


def _failed(reason: str, *, again: bool = False) -> TrainingResult:
    return TrainingResult(published=False, reason=reason, killed=again)


def _last_words(errors: Path) -> str:
    """The last line of a traceback, where there is one."""
    lines = errors.read_text(encoding="utf-8", errors="replace").split("\n") if errors.exists() else []
    said = [line for line in lines if line.strip()]
    return f": {said[-1]:.{REASON_LENGTH}}" if said else ""


def _published(last: Mapping[str, Any], artifact: Path) -> TrainingResult:
    """Of the scores only numbers: no database keeps what is none."""
    numbers = {name: float(value) for name, value in last.items() if isinstance(value, int | float)}
    scores = {name: value for name, value in numbers.items() if math.isfinite(value)}
    heldout = _heldout(artifact / HELDOUT)
    return TrainingResult(published=True, reason="", recipe=str(last["recipe"]), scores=scores, heldout=heldout)


def _heldout(path: Path) -> tuple[Scored, ...]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    if not all(0 <= row["joint"] <= 1 for row in rows):
        raise ValueError("a confidence is no number from 0 to 1")
    return tuple(Scored(row["joint"], row["agreed"], tuple(row["answer"])) for row in rows)
