"""The pure parts of `make bench-students`, with numbers known from elsewhere."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.contract import Contract
from shadowbert.flow.recipes import Recipes
from shadowbert.gating.threshold import Scored
from tests.bench.students import child, rows
from tests.bench.students.certify import certify, levels
from tests.bench.students.child import Ended
from tests.bench.students.kept import ROOT, Kept, keep, sources
from tests.bench.students.learners import CHOSEN, Learned, Lesson, Product, Said, products, tfidf
from tests.bench.students.score import Served, judge, serve

scored = st.lists(st.builds(Scored, st.floats(0, 1), st.booleans()), max_size=300)


def surest(agreed: int, errors: int) -> list[Scored]:
    """The surest of them agree."""
    total = agreed + errors
    return [Scored(1 - n / total / 2, n < agreed) for n in range(total)]


def test_45_rows_pass_at_5_percent_without_an_error_only() -> None:
    assert certify(surest(45, 0), allowed=0.05) == surest(45, 0)[-1].confidence
    assert certify(surest(44, 1), allowed=0.05) is None
    assert certify(surest(44, 0), allowed=0.05) is None


def test_the_first_slice_that_fails_ends_the_sequence() -> None:
    """One error in the surest 45: all later slices would pass, and none is looked at."""
    late = [Scored(0.99, agreed=False), *surest(999, 0)]
    assert certify(late, allowed=0.05) is None
    assert certify(late[1:], allowed=0.05) == late[-1].confidence


def test_rows_of_equal_confidence_pass_or_fail_together() -> None:
    tied = [Scored(0.8, n >= 20) for n in range(60)]
    assert certify([*surest(45, 0), *tied][45:], allowed=0.05) is None
    sure = [Scored(0.9, agreed=True)] * 100
    assert certify([*sure, *tied], allowed=0.05) == 0.9


@given(scored, st.sampled_from([0.05, 0.1, 0.3]))
def test_what_passes_is_within_the_allowed_errors_on_its_own_rows(given_rows: list[Scored], allowed: float) -> None:
    threshold = certify(given_rows, allowed=allowed)
    if threshold is not None:
        passed = [row.agreed for row in given_rows if row.confidence >= threshold]
        assert len(passed) >= 45
        assert passed.count(False) <= allowed * len(passed)


@given(st.integers(45, 20_000))
def test_slices_grow_from_the_surest_rows_to_all(count: int) -> None:
    found = levels(count)
    assert found[0] == max(45, round(0.05 * count))
    assert found[-1] == count
    assert len(found) <= 50
    assert found == sorted(found)


def test_what_a_threshold_serves_is_counted() -> None:
    said = [Said((0,), 0.9), Said((1,), 0.8), Said((1,), 0.3)]
    assert serve(said, [(0,), (0,), (1,)], 0.8) == Served(rows=3, agreed=2, served=2, errors=1)
    assert serve(said, [(0,), (0,), (1,)], None) == Served(rows=3, agreed=2)
    both = Served(10, 9, 5, 1) + Served(10, 8, 5, 0)
    assert (both.share, both.disagreement, both.agreement, both.seeds) == (0.5, 0.1, 0.85, 2)


@pytest.mark.parametrize(
    ("served", "best", "said"),
    [
        (500, 0.5, "ok"),
        (499, 0.5, "MISSED"),
        (600, 0.5, "ok >=1.2x"),
        (120, 0.1, "ok"),  # 1.2 times, yet within 3 points
        (130, 0.1, "ok >=1.2x"),
        (0, 0.0, "ok"),
        (100, 0.0, "ok >=1.2x"),
    ],
)
def test_a_row_is_judged_by_the_best_other_student(served: int, best: float, said: str) -> None:
    assert str(judge(Served(1000, 900, served, 0), best, allowed=0.05)) == said


def test_too_much_disagreement_counts_beyond_noise_only() -> None:
    assert not judge(Served(1000, 900, 200, 14), 0.1, allowed=0.05).broken
    assert str(judge(Served(1000, 900, 200, 20), 0.1, allowed=0.05)) == "MISSED >=1.2x over the allowed disagreement"
    thrice = Served(3000, 2700, 600, 42, seeds=3)
    assert not judge(thrice, 0.1, allowed=0.05).broken


def test_the_recipes_asked_for_are_the_jobs() -> None:
    probe, tuned, chosen = products(["probe", "finetune", CHOSEN])
    assert [own.recipes(500) for own in (probe, tuned)] == [("probe",), ("probe", "finetune")]
    assert chosen.recipes(500) == Recipes().worth_trying(500)
    with pytest.raises(SystemExit, match="no recipe guess"):
        list(products(["guess"]))


def test_a_child_tells_what_it_took_or_why_it_failed() -> None:
    ended = child.run([sys.executable, "-c", "import time; held = b'x' * 2**26; time.sleep(0.3); print('done')"])
    assert ended.output == "done\n"
    assert ended.cpu_seconds > 0
    assert ended.mib == 0 or 64 < ended.mib < 100, "its own memory, not this process's"
    with pytest.raises(child.Failed, match="no such luck"):
        child.run([sys.executable, "-c", "raise SystemExit('no such luck')"])


def test_the_streams_become_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        '{"text": "a", "teacher": {"x": "u", "y": ["p", "q"]}}',
        '{"text": "b", "teacher": {"x": "v", "y": ["p", "p"]}}',
        '{"text": "A", "teacher": {"x": "v", "y": []}}',
        '{"text": "d", "teacher": null}',
    ]
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    monkeypatch.setattr(rows, "DATA", tmp_path)
    task = rows.read(rows.Case("whole", "s"))
    assert [field.name for field in task.contract.fields] == ["x", "y[p]", "y[q]"]
    assert [row.answer for row in task.rows] == [(0, 1, 1), (1, 0, 0)]
    one = rows.read(rows.Case("x", "s", only="x"))
    assert [row.answer for row in one.rows] == [(0,), (1,), (1,)]
    assert [(example.input, example.answer) for example in rows.examples(one.rows)] == [("A", (1,)), ("b", (1,))]


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    lines = [f'{{"text": "{text} {n}", "teacher": "{text}"}}' for n in range(40) for text in ("card", "transfer")]
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    monkeypatch.setattr(rows, "DATA", tmp_path)
    task = rows.read(rows.Case("s", "s"))
    return Lesson(task.contract, rows.examples(task.rows), ["my card", "a transfer"], 0, judged=True)


def test_a_baseline_learns_by_its_driver(lesson: Lesson) -> None:
    check(tfidf().learn(lesson))


@pytest.mark.slow
def test_a_student_learns_by_the_products_own_training(lesson: Lesson) -> None:
    learned = Product("probe").learn(lesson)
    check(learned)
    assert learned.recipe == "probe"


def check(learned: Learned) -> None:
    assert [said.answer for said in learned.said] == [(0,), (1,)]
    assert sum(row.agreed for row in learned.own) == len(learned.own) == 80
    assert learned.cost.cpu_seconds > 0.1


@dataclass
class Counting:
    """Says the same of everything, and counts how often it was asked to learn."""

    learnt: int = 0
    name: str = "counting"

    def learns(self, contract: Contract) -> bool:
        return bool(contract.fields)

    def learn(self, lesson: Lesson) -> Learned:
        self.learnt += 1
        said = tuple(Said((0,), 0.25) for _ in lesson.asked)
        return Learned(said, (Scored(0.5, agreed=True, answer=(1,)),), Ended("", 1.5, 1.0, 80.0), "probe")


def test_a_result_that_is_kept_is_not_learnt_again(lesson: Lesson, tmp_path: Path) -> None:
    counting = Counting()
    (first,), (second,) = keep([counting], tmp_path), keep([counting], tmp_path)
    assert first.learns(lesson.contract)
    assert first.learn(lesson) == second.learn(lesson) == Counting().learn(lesson)
    assert counting.learnt == 1


def test_another_lesson_or_other_code_is_learnt_anew(lesson: Lesson, tmp_path: Path) -> None:
    counting = Counting()
    now, later = Kept(counting, tmp_path, "now"), Kept(counting, tmp_path, "later")
    now.learn(lesson)
    now.learn(replace(lesson, seed=lesson.seed + 1))
    now.learn(replace(lesson, asked=lesson.asked[:1]))
    later.learn(lesson)
    assert counting.learnt == 4


def test_no_folder_keeps_nothing() -> None:
    counting = Counting()
    assert keep([counting], None) == [counting]


def test_students_come_of_the_training_and_of_what_is_taught() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in sources()}
    assert {
        "shadowbert/bert/training/finetune.py",
        "shadowbert/flow/recipes.py",
        "shadowbert/curation/split.py",
    } <= names
    assert "tests/bench/students/drivers/peer.py" in names
