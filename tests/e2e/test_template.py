"""A template edited under a running server whose student answers: it stops, and a version with its calls begins."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.e2e.calls import TASK, call, client
from tests.e2e.conftest import NO_TRAINING, QUICK, Api
from tests.e2e.seed import EXAMPLES, FIRST
from tests.e2e.tree import Tree, planted, until

TEN_SECONDS = 10.0
"""Within which the edit must show; the promise is two."""


@pytest.fixture
def tree(live_dir: Path, api: Api) -> Iterator[Tree]:
    with planted(Tree(live_dir, api.url, QUICK | NO_TRAINING | {"policy.audit_rate": 0.01})) as tree:
        yield tree


def test_the_student_stops_and_the_calls_go_over(tree: Tree, tmp_path: Path) -> None:
    numbers = itertools.count(FIRST)

    def route(caller: openai.OpenAI) -> str:
        answer = call(caller, next(numbers))
        assert answer is not None
        return answer.route

    shown = tree.told("task", "template", TASK)
    (constant,) = shown["messages"][0]["content"]
    before, after = constant.split("mail")
    shown["messages"][0]["content"] = [before, {"slot": None, "counts": False}, after]
    file = tmp_path / "template.json"
    file.write_text(json.dumps(shown), "utf-8")
    with client(tree.url) as caller:
        until(lambda: route(caller) == "student", seconds=TEN_SECONDS)
        done = tree.told("task", "template", TASK, "--edit", file, "--why", "mail may be chat")
        assert done["matched"] == done["looked_at"] >= EXAMPLES
        until(lambda: route(caller) == "llm:collecting", seconds=TEN_SECONDS)
        assert {route(caller) for _ in range(20)} == {"llm:collecting"}
    old, new = tree.told("show", TASK)
    assert (old["replaced_by"], old["stage"], new["version"], new["stage"]) == (
        done["version"], "shadow", done["version"], "collecting",
    )  # fmt: skip
    until(lambda: tree.told("show", TASK)[1]["examples"] >= EXAMPLES + 20)
    assert len(tree.versions()) == 2
