"""Replays all mixes, or those whose name holds a word, and prints a table: `python -m tests.mixes [word]`."""

import sys

from tests.mixes.run import scored

if __name__ == "__main__":
    sys.stdout.write(scored(sys.argv[1] if len(sys.argv) > 1 else "").table())
