"""A task's policy on a running tree: every change acts without a restart, and the dry run tells what then happens."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from shadowbert.domain.task import Stage
from tests.e2e.calls import LABELS, TASK, call, client, topic_of
from tests.e2e.conftest import NO_TRAINING, QUICK, Api
from tests.e2e.seed import FIRST
from tests.e2e.tree import Tree, planted, until

BATCH = 10
PROMISE_S = 2.0
"""After a command, whatever it takes away is served no more."""


@pytest.fixture
def live(live_dir: Path, api: Api) -> Iterator[Tree]:
    with planted(Tree(live_dir, api.url, QUICK | NO_TRAINING, ("--no-worker",))) as tree:
        yield tree


@pytest.fixture
def worked(trained_dir: Path, api: Api) -> Iterator[Tree]:
    """In shadow, with a worker that looks ten times a second."""
    with planted(Tree(trained_dir, api.url, QUICK | NO_TRAINING, ())) as tree:
        yield tree


def served(caller: openai.OpenAI, numbers: Iterator[int], calls: int) -> set[str]:
    """The topics that the student answered among so many calls."""
    answers = [(n, call(caller, n)) for n in itertools.islice(numbers, calls)]
    return {topic_of(n) for n, answer in answers if answer and answer.route == "student"}


def test_a_label_left_to_the_llm_is_served_no_more_after_two_seconds(live: Tree) -> None:
    numbers = itertools.count(FIRST)
    with client(live.url) as caller:
        seen: set[str] = set()

        def all_served() -> bool:
            seen.update(served(caller, numbers, BATCH))
            return seen == set(LABELS)

        until(all_served, told=lambda: seen)
        *_, told = live.told("policy", TASK, f"always_llm=topic={LABELS[0]}", "--why", "too dear to be wrong")
        assert told["words"] == f"topic={LABELS[0]}"
        time.sleep(PROMISE_S)
        assert served(caller, numbers, 60) == set(LABELS[1:])
        live.told("policy", TASK, "--default", "always_llm")
        assert served(caller, numbers, 30) <= set(LABELS[1:]), "what is given back must be earned"


def test_a_dry_run_tells_what_the_worker_then_does(worked: Tree) -> None:
    numbers = itertools.count(FIRST)

    def foreseen(*words: str) -> str:
        (told,) = worked.told("policy", TASK, *words, "--dry-run")
        return str(told["outcome"])

    def proven() -> bool:
        assert served(caller, numbers, BATCH) == set()
        return foreseen("autopilot=on") == "would be promoted"

    with client(worked.url) as caller:
        worked.told("policy", TASK, "autopilot=ask", "min_rows=40")
        until(proven, told=worked.said)
        assert foreseen() == "would wait for a cutover"
        assert foreseen("autopilot=on", "target=0.97") == "would hold"
        worked.told("policy", TASK, "autopilot=on", "target=0.97")
        for _ in range(3):
            _looked(worked)
        assert worked.versions()[-1].stage is Stage.SHADOW
        assert foreseen("--default", "target") == "would be promoted"
        worked.told("policy", TASK, "--default", "target")
        until(lambda: worked.versions()[-1].stage.serves, told=worked.said)


def _looked(tree: Tree) -> None:
    """The gate has looked once more."""
    before = gate(tree)
    until(lambda: gate(tree) != before)


def gate(tree: Tree) -> float | None:
    with tree.store() as store, store.read() as work:
        return work.mirror.gate_looked_at()
