"""What a user would see: the first calls of a stream teach and choose the threshold, the next ones judge it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tests.bench.students import table
from tests.bench.students.certify import certify
from tests.bench.students.child import Failed
from tests.bench.students.learners import Learned, Learner, Lesson
from tests.bench.students.rows import Case, Row, Task, examples, read
from tests.bench.students.score import Served, serve

SIZES = (200, 500, 1_000, 2_000, 5_000)
READY_S = MappingProxyType({200: 20, 2_000: 300})
"""The first student within 20 s of its 200th example, a fine-tune of 2,000 short texts within 5 minutes of a core."""
LATER, LEAST = 1_000, 200
"""How many calls judge, and how few are enough."""
ALLOWED = (0.05, 0.1)
COLUMNS = (
    "stream", "calls", "student", "agreement", "at 95 %", "at 90 %", "gold (teacher)", "CPU s", "MiB", "aim", ""
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one student: what it serves at each allowed disagreement, and the person's judgement."""

    at: tuple[Served, ...]
    gold: str
    learned: Learned

    def name(self, learner: Learner) -> str:
        """With the recipe that was published, where that was a choice."""
        recipe = self.learned.recipe
        return learner.name if recipe in ("", learner.name) else f"{learner.name} ({recipe})"

    def cells(self) -> list[str]:
        cost = self.learned.cost
        shares = [f"{served.share:.2f} ({1 - served.disagreement:.3f})" if served.served else "0" for served in self.at]
        return [
            f"{self.at[0].agreement:.3f}",
            *shares,
            self.gold,
            f"{cost.cpu_seconds:.0f}",
            f"{cost.mib:.0f}",
        ]


def follow(cases: Sequence[Case], baselines: Sequence[Learner], own: Sequence[Learner], *, sizes: Sequence[int]) -> int:
    """How many rows missed their aim."""
    rows = table.Table(
        f"In stream order: the first calls teach, the next {LATER:,} judge. At 95 % and 90 %: share served, and the "
        "agreement of what is served; the threshold is chosen on rows of the log that the student did not learn.",
        COLUMNS,
    )
    missed = 0
    for case in cases:
        task = read(case)
        for size in sizes:
            if len(task.rows) >= size + LEAST:
                missed += _size(rows, task, size, (baselines, own))
    table.note(f"\n{missed} rows MISSED" if missed else "\nok")
    return missed


def _size(rows: table.Table, task: Task, size: int, learners: tuple[Sequence[Learner], Sequence[Learner]]) -> int:
    baselines, own = learners
    best, missed = 0.0, 0
    for learner in (*baselines, *own):
        if not learner.learns(task.contract):
            continue
        start = [task.case.name, f"{size:,}"]
        try:
            measured = _measure(learner, task, size)
        except Failed as failure:
            missed += learner in own
            rows.row([*start, learner.name, f"failed: {failure}", *[""] * 6, "MISSED" if learner in own else ""])
            continue
        fault = _fault(measured, best, size) if learner is own[-1] else ""
        missed += bool(fault)
        aim = [f">= {best:.2f}", fault or "ok"] if learner is own[-1] else ["", ""]
        best = best if learner in own else max(best, measured.at[0].share)
        rows.row([*start, measured.name(learner), *measured.cells(), *aim])
    return missed


def _fault(measured: Measured, best: float, size: int) -> str:
    faults = ["covers less"] if measured.at[0].share < best else []
    if measured.at[0].breaks(ALLOWED[0]):
        faults.append("agrees less than 95 % beyond noise")
    if measured.learned.cost.cpu_seconds > READY_S.get(size, math.inf):
        faults.append(f"over {READY_S[size]} s")
    return f"MISSED: {', '.join(faults)}" if faults else ""


def _measure(learner: Learner, task: Task, size: int) -> Measured:
    later = task.rows[size : size + LATER]
    lesson = Lesson(task.contract, examples(task.rows[:size]), [row.text for row in later], 0, judged=True)
    learned = learner.learn(lesson)
    answers = [row.answer for row in later]
    at = tuple(serve(learned.said, answers, certify(learned.own, allowed=allowed)) for allowed in ALLOWED)
    return Measured(at, _gold(learned, later), learned)


def _gold(learned: Learned, later: Sequence[Row]) -> str:
    """Accuracy against people, the teacher's behind it."""
    known = [(guess.answer, row) for guess, row in zip(learned.said, later, strict=True) if row.gold is not None]
    if not known:
        return "-"
    own = sum(answer == row.gold for answer, row in known) / len(known)
    teacher = sum(row.answer == row.gold for _, row in known) / len(known)
    return f"{own:.3f} ({teacher:.3f})"
