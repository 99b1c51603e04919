"""People's word in the LLM's place, on a running tree: drawn, answered blind at the command line, promoted by it."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from shadowbert.domain.task import Stage
from tests.e2e.calls import LABELS, NOUNS, TASK, call, client
from tests.e2e.conftest import NO_TRAINING, QUICK, Api
from tests.e2e.seed import FIRST
from tests.e2e.test_policy import _looked
from tests.e2e.tree import Tree, planted, until

CALLS, DRAWN = 60, 24


@pytest.fixture
def worked(trained_dir: Path, api: Api) -> Iterator[Tree]:
    """In shadow, with a worker that looks ten times a second."""
    with planted(Tree(trained_dir, api.url, QUICK | NO_TRAINING, ())) as tree:
        yield tree


def test_a_student_is_promoted_by_what_people_say_of_drawn_calls(worked: Tree) -> None:
    worked.told("policy", TASK, "gate_on=people", "target=0.6", "min_rows=10", "--why", "the LLM errs")
    with client(worked.url) as caller:
        for n in itertools.islice(itertools.count(FIRST), CALLS):
            call(caller, n)
    until(lambda: _seen(worked) >= CALLS, told=worked.said)
    _looked(worked)
    assert worked.versions()[-1].stage is Stage.SHADOW, "however often the LLM agrees"
    assert "with people" in worked.told("show", TASK)[-1]["candidates"][-1]["verdict"]
    assert worked.told("draw", TASK, "--count", DRAWN)["drawn"] == DRAWN
    while waiting := worked.told("label", TASK, "--next"):
        assert set(waiting) == {"task", "version", "exchange", "input", "fields", "waiting"}
        worked.told("label", TASK, waiting["exchange"], "--drawn", f"topic={_by_a_person(waiting['input'])}")
    until(lambda: worked.versions()[-1].stage.serves, told=worked.said)
    people = worked.told("show", TASK)[-1]["people"]
    assert (people["waiting"], people["teacher"]["rows"]) == (0, DRAWN)
    assert "Agreement with people is above 60 %" in worked.cli("show", TASK).stdout


def _seen(tree: Tree) -> int:
    """Calls that the newest candidate has predicted."""
    with tree.store() as store, store.read() as work:
        candidate = work.candidates.active(tree.versions()[-1].id)[-1]
        return work.predictions.coverage(candidate.id)[1]


def _by_a_person(text: str) -> str:
    return next(topic for topic in LABELS if any(noun in text for noun in NOUNS[topic]))
