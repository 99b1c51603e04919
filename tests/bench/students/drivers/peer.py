"""The nearest peer, shad0wllm, with its default settings, in an environment of its own.

Reads a lesson as JSON on standard input, writes what it said on standard output. Where it is judged it keeps 30 % of
the rows for calibration, as it does by itself.
"""

import json
import sys
from collections.abc import Sequence
from random import Random

from shad0w.compiler.distill import Compiled, compile_schema  # type: ignore[import-not-found]

Rows = Sequence[tuple[str, list[int]]]
CALIBRATION = 0.3


def learn(rows: Rows) -> tuple[Compiled, list[int]]:
    """The compiled table, and which labels it knows."""
    labels = sorted({answer[0] for _, answer in rows})
    numbers = [labels.index(answer[0]) for _, answer in rows]
    return compile_schema([text for text, _ in rows], numbers, [str(label) for label in labels]), labels


def answers(table: Compiled, labels: Sequence[int], asked: Sequence[str]) -> list[tuple[list[int], float]]:
    probabilities = table.predict(list(asked))[0]
    best = probabilities.argmax(axis=1)
    return [([labels[label]], float(row[label])) for label, row in zip(best, probabilities, strict=True)]


def main() -> None:
    lesson = json.load(sys.stdin)
    rows = lesson["rows"]
    Random(lesson["seed"]).shuffle(rows)
    kept = rows[: int(CALIBRATION * len(rows))] if lesson["judged"] else []
    table, labels = learn(rows[len(kept) :])
    own = answers(table, labels, [text for text, _ in kept]) if kept else []
    said = answers(table, labels, lesson["asked"])
    agreed = [(joint, answer == row[1]) for (answer, joint), row in zip(own, kept, strict=True)]
    json.dump({"said": said, "own": agreed}, sys.stdout)


if __name__ == "__main__":
    main()
