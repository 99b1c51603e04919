"""Faults of store, worker, log and student on a running server: every call is answered, and what failed shows."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest

from shadowbert.domain.task import Stage
from tests.e2e.calls import TASK, Answer, call, client
from tests.e2e.conftest import NO_TRAINING, QUICK, Api
from tests.e2e.seed import cut_over, students, transplant
from tests.e2e.tree import Tree, planted, until

WATCHED = {"watch.mirror_max_age_s": 1.5, "watch.gate_max_age_s": 1.5}


@pytest.fixture(scope="module")
def tree(live_dir: Path, api: Api) -> Iterator[Tree]:
    """A live student, watched closely."""
    with planted(Tree(live_dir, api.url, QUICK | NO_TRAINING | WATCHED)) as planted_tree:
        yield planted_tree


def answered(caller: openai.OpenAI, n: int) -> Answer:
    answer = call(caller, n)
    assert answer is not None
    return answer


def reaches(caller: openai.OpenAI, numbers: Iterator[int], route: str) -> Answer:
    """The first call that goes this way; those before it are answered, too."""
    seen: set[str] = set()

    def asked() -> Answer | None:
        answer = answered(caller, next(numbers))
        seen.add(answer.route)
        return answer if answer.route == route else None

    found: Answer = until(asked, told=lambda: seen)
    return found


def stored(tree: Tree, answer: Answer) -> bool:
    return sum(row.id == answer.exchange for row in tree.rows()) == 1


@contextmanager
def stopped(tree: Tree, name: str) -> Iterator[None]:
    """The child stands still and goes on at the end."""
    pid = tree.children()[name].pid or 0
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_killed_between_journal_and_store(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    with stopped(tree, "loader"):
        before = tree.total()
        answers = [answered(caller, next(numbers)) for _ in range(10)]
        tree.kill("web")
        assert tree.total() == before
    until(lambda: tree.total() >= before + 10, told=tree.said)
    assert all(stored(tree, answer) for answer in answers)
    assert tree.total() == before + 10


def test_a_dead_worker_is_not_trusted(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    reaches(caller, numbers, "student")
    with stopped(tree, "worker"):
        reaches(caller, numbers, "llm:unwatched")
    reaches(caller, numbers, "student")


def test_a_store_that_is_gone(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    """Nothing of the time without a store is lost."""
    reaches(caller, numbers, "student")
    database, away = tree.data_dir / "shadowbert.db", tree.data_dir / "away.db"
    database.rename(away)
    try:
        lost = reaches(caller, numbers, "llm:unwatched")
        until(lambda: tree.readyz()["mirror"] == "the store has not been read lately", told=tree.readyz)
        assert not database.exists()
    finally:
        away.rename(database)
    reaches(caller, numbers, "student")
    until(lambda: stored(tree, lost), told=tree.said)


def test_a_journal_that_cannot_be_written(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    journal = tree.data_dir / "journal"
    with stopped(tree, "loader"):
        shutil.rmtree(journal)
        journal.touch()
        unlogged = [answered(caller, next(numbers)) for _ in range(3)]
        assert tree.readyz()["journal"] == "3 rows could not be written"
        journal.unlink()
        logged = answered(caller, next(numbers))
        assert tree.readyz()["journal"] == "ok"
    until(lambda: stored(tree, logged), told=tree.said)
    assert not any(stored(tree, answer) for answer in unlogged)


def test_a_store_that_somebody_else_locks(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    """Longer than anybody waits for it; a web process that starts meanwhile is ready all the same."""
    said = len(tree.log.read_text())
    other = sqlite3.connect(tree.data_dir / "shadowbert.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answers = [answered(caller, next(numbers)) for _ in range(5)]
        until(lambda: "the journal waits: the database refused" in tree.log.read_text()[said:], told=tree.said)
        tree.kill("web")
        until(lambda: tree.running("web"), told=tree.said)
        answers += [answered(caller, next(numbers)) for _ in range(5)]
        assert not any(stored(tree, answer) for answer in answers)
    finally:
        other.close()
    until(lambda: all(stored(tree, answer) for answer in answers), told=tree.said)
    until(lambda: tree.readyz()["status"] == "ready", told=tree.readyz)
    assert tree.children()["worker"].restarts == tree.children()["loader"].restarts == 0


@contextmanager
def living(grown: Path, tmp_path: Path, api: Api, *, missing: bool) -> Iterator[tuple[Tree, Path]]:
    """A tree of its own whose task was cut over, and the student's folder."""
    data_dir = transplant(grown, tmp_path / "data")
    cut_over(data_dir)
    (student,) = students(data_dir)
    if missing:
        shutil.rmtree(student)
    with planted(Tree(data_dir, api.url, QUICK | NO_TRAINING, flawed=missing)) as tree:
        yield tree, student


def falls(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int], why: str) -> None:
    """The task goes back to the LLM and says why; no call fails on the way."""
    until(lambda: answered(caller, next(numbers)) and tree.versions()[0].stage is Stage.SHADOW, told=tree.said)
    (shown,) = tree.told("show", TASK)
    assert shown["verdicts"][-1]["reason"] == why
    reaches(caller, numbers, "llm:shadow")
    until(lambda: tree.readyz()["status"] == "ready", told=tree.readyz)


def test_a_champion_whose_files_are_missing(grown: Path, tmp_path: Path, api: Api, numbers: Iterator[int]) -> None:
    with living(grown, tmp_path, api, missing=True) as (tree, student), client(tree.url) as caller:
        assert answered(caller, next(numbers)).source == "llm"
        falls(tree, caller, numbers, f"{student.name}: there is no such student folder")
        assert not any(row.source == "student" for row in tree.rows())


def test_a_champion_whose_files_are_damaged_while_it_serves(
    grown: Path, tmp_path: Path, api: Api, numbers: Iterator[int]
) -> None:
    with living(grown, tmp_path, api, missing=False) as (tree, student), client(tree.url) as caller:
        first = reaches(caller, numbers, "student")
        until(lambda: stored(tree, first), told=tree.said)
        with (student / "student.onnx").open("r+b") as file:
            file.seek(1000)
            file.write(b"\0" * 1000)
        why = "student.onnx is not the file that was published (sha256 differs)"
        falls(tree, caller, numbers, f"{student.name}: {why}")
