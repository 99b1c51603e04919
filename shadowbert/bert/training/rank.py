"""`python -m shadowbert.bert.training.rank FOLDER`: one of several processes that attend one course together.

Takes part in fine-tuning and in nothing else; the first rank writes what came of it.
"""

import argparse
import os
import sys
from pathlib import Path

import torch

from shadowbert.bert.training.course import attend
from shadowbert.bert.training.course_files import read_course, write_result
from shadowbert.bert.training.device import Place, join
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.finetune import Tuned
from shadowbert.lifeline import follow

MEETING = "meeting"


def take_part(folder: Path, place: Place, rank: int) -> tuple[Encoder, Tuned]:
    """The encoder as it is on this rank afterwards: the same on all of them."""
    encoder, course = read_course(folder)
    accelerator = join(place, rank=rank, meeting=folder / MEETING)
    tuned = attend(encoder, course, accelerator)
    if accelerator.is_main_process:
        write_result(folder, encoder, tuned)
    accelerator.end_training()
    return encoder, tuned


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m shadowbert.bert.training.rank", description="Attend one course.")
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--rank", type=int, required=True)
    parser.add_argument("--ranks", type=int, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--lifeline", type=int, required=True, help="a pipe that the training holds open as it lives")
    return parser.parse_args(argv)


if __name__ == "__main__":
    os.umask(0o077)  # what we write holds prompts
    given = arguments(sys.argv[1:])
    follow(given.lifeline, grace_s=1.0)
    torch.set_num_threads(given.threads)
    take_part(given.folder, Place(given.device, given.ranks), given.rank)
