"""Student against student: the protocol of "a table to beat" in the README of the streams.

The first 70 % of a seeded shuffle is the log, 70 % of it fits and 30 % calibrates; the rest is fresh. The last learner
is judged against the best of all others, measured or published.
"""

from collections.abc import Mapping, Sequence
from random import Random

from shadowbert.gating.threshold import Scored
from tests.bench.students import table
from tests.bench.students.certify import certify
from tests.bench.students.child import Failed
from tests.bench.students.learners import Learner, Lesson, Said
from tests.bench.students.rows import Case, Row, Task, examples, read
from tests.bench.students.score import Served, Verdict, judge, serve

LOG, FIT = 0.7, 0.7
ALLOWED = 0.05
PUBLISHED = ("tfidf", "shad0wllm", "frozen")


def compare(cases: Sequence[Case], baselines: Sequence[Learner], own: Sequence[Learner], *, seeds: int) -> int:
    """How many rows missed their aim."""
    learners = [*baselines, *own]
    columns = ["stream (log)", *(learner.name for learner in learners), "published", "aim", ""]
    title = (
        f"Share served / disagreement among them, then agreement on all; fresh rows, {ALLOWED:.0%} allowed, mean of "
        f"{seeds} seeds. Published: {', '.join(PUBLISHED)}."
    )
    rows, verdicts = table.Table(title, columns), []
    for case in cases:
        task = read(case)
        found = {learner.name: _learned(learner, task, seeds) for learner in learners}
        judged, others = found[own[-1].name], {name: found[name] for name in (one.name for one in baselines)}
        best = _best(case, others)
        verdict = judge(judged, best, allowed=ALLOWED) if judged else None
        verdicts.append(verdict)
        cells = [str(found[learner.name] or "-") for learner in learners]
        published = dict(case.published)
        known = " ".join(f"{published[name]:.2f}" if name in published else "-" for name in PUBLISHED)
        log = int(LOG * len(task.rows))
        rows.row([f"{case.name} ({log})", *cells, known, f">= {best:.2f}", str(verdict or "MISSED: no student")])
    return _summary(own[-1].name, verdicts)


def _learned(learner: Learner, task: Task, seeds: int) -> Served | None:
    """None where it cannot learn this, or did not."""
    if not learner.learns(task.contract):
        return None
    total = Served(seeds=0)
    for seed in range(seeds):
        try:
            total += _one(learner, task, seed)
        except Failed as failure:
            table.progress(f"{task.case.name}, {learner.name}, seed {seed}: {failure}")
            return None
    return total


def _one(learner: Learner, task: Task, seed: int) -> Served:
    rows = list(task.rows)
    Random(seed).shuffle(rows)
    log, fresh = rows[: int(LOG * len(rows))], rows[int(LOG * len(rows)) :]
    fit, calibration = log[: int(FIT * len(log))], log[int(FIT * len(log)) :]
    asked = [row.text for row in (*calibration, *fresh)]
    learned = learner.learn(Lesson(task.contract, examples(fit), asked, seed, judged=False))
    threshold = certify(_scored(learned.said[: len(calibration)], calibration), allowed=ALLOWED)
    served = serve(learned.said[len(calibration) :], [row.answer for row in fresh], threshold)
    name = f"{learner.name} ({learned.recipe})" if learned.recipe else learner.name
    table.progress(f"{task.case.name}, {name}, seed {seed}: {served}, {learned.cost.cpu_seconds:.0f} s of CPU")
    return served


def _scored(said: Sequence[Said], rows: Sequence[Row]) -> list[Scored]:
    return [Scored(guess.confidence, guess.answer == row.answer) for guess, row in zip(said, rows, strict=True)]


def _best(case: Case, measured: Mapping[str, Served | None]) -> float:
    """What was measured goes before what was published."""
    shares = dict(case.published) | {name: own.share for name, own in measured.items() if own is not None}
    return round(max(shares.values(), default=0.0), 4)


def _summary(name: str, verdicts: Sequence[Verdict | None]) -> int:
    """Aims: at least the best on every row, 1.2 x on half of them, nowhere over the allowed disagreement."""
    known = [verdict for verdict in verdicts if verdict is not None]
    reached, won = sum(verdict.reached for verdict in known), sum(verdict.won for verdict in known)
    broken = sum(verdict.broken for verdict in known)
    rows = len(verdicts)
    missed = reached < rows or won < rows / 2 or broken > 0
    table.note(
        f"\n{name}: at least the best on {reached} of {rows} rows (aim: all); 1.2 x and beyond noise on {won} (aim: "
        f"half); over the allowed disagreement beyond noise on {broken} (aim: none). {'MISSED' if missed else 'ok'}"
    )
    return int(missed)
