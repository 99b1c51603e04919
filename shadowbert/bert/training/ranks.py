"""Several processes that train one encoder together: hands them the course, watches them, takes what came of it.

Refuses to know courses. The training itself is none of them: it waits, so that it can end them all when one dies, and
they end by themselves when it does. They live for one course, so that none waits idly, GPU in hand, while others are
needed by nobody.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from shadowbert.bert.training.course import Course
from shadowbert.bert.training.course_files import read_result, write_course
from shadowbert.bert.training.device import Place
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.finetune import Tuned
from shadowbert.errors import RankDied
from shadowbert.lifeline import Lifeline

LOOK_EVERY_S = 0.05
Rank = subprocess.Popen[bytes]


def teach(encoder: Encoder, course: Course, place: Place, folder: Path) -> Tuned:
    """Trains the encoder in place. Raises RankDied."""
    with tempfile.TemporaryDirectory(prefix="course-", dir=folder) as name, Lifeline() as lifeline:
        work = Path(name)
        write_course(work, encoder, course)
        ranks: list[Rank] = []
        try:
            ranks.extend(_start(work, place, rank, lifeline) for rank in range(place.ranks))
            watch(ranks)
        finally:
            for own in ranks:
                own.kill()
                own.wait()
        return read_result(work, encoder)


def watch(ranks: Sequence[Rank]) -> None:
    """Until all have ended well. Raises RankDied as soon as one has not: those that wait for it would wait for long."""
    while True:
        codes = [rank.poll() for rank in ranks]
        for rank, code in enumerate(codes):
            if code:
                raise RankDied(f"rank {rank} of {len(ranks)} {_how(code)}")
        if None not in codes:
            return
        time.sleep(LOOK_EVERY_S)


def _how(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with {code}"


def _start(work: Path, place: Place, rank: int, lifeline: Lifeline) -> Rank:
    """The first one's progress is the training's."""
    command = [sys.executable, "-P", "-m", "shadowbert.bert.training.rank", str(work)]
    command += [f"--rank={rank}", f"--ranks={place.ranks}", f"--device={place.device}"]
    command += [f"--threads={torch.get_num_threads()}", f"--lifeline={lifeline.fd}"]
    told = None if rank == 0 else subprocess.DEVNULL
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told, pass_fds=(lifeline.fd,))  # noqa: S603 - our own module, no shell
