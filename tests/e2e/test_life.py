"""A task's whole life on the real tree: found, learnt, proven, served, doubted, handed back, learnt anew."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Stage
from tests.e2e.calls import FORMAT, MODEL, NAMED, TASK, TOOL, call, client, message, prompt, topic_of
from tests.e2e.conftest import Api, Plant
from tests.e2e.tree import Tree, until

EXAMPLES = 90
BATCH = 10
CONTENT: Any = {"response_format": FORMAT}
TOOLS: Any = {"tools": [TOOL], "tool_choice": NAMED}


def version(tree: Tree) -> VersionRow:
    (found,) = tree.versions()
    return found


def reaches(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int], stage: Stage) -> None:
    """The task gets there while calls go on."""

    def moved() -> bool:
        assert all(call(caller, next(numbers)) for _ in range(BATCH))
        return version(tree).stage is stage

    until(moved, told=lambda: (tree.told("show", TASK), tree.said()))


def plain(caller: openai.OpenAI, n: int, form: Any) -> tuple[str, str]:
    """Who answered, and the answer's text."""
    raw = caller.chat.completions.with_raw_response.create(model=MODEL, messages=prompt(message(n)), **form)
    said = raw.parse().choices[0].message
    text = said.tool_calls[0].function.arguments if said.tool_calls else said.content
    return raw.headers["x-shadowbert-source"], text or ""


def streamed(caller: openai.OpenAI, n: int, form: Any) -> tuple[str, str]:
    text = ""
    with caller.chat.completions.create(model=MODEL, messages=prompt(message(n)), stream=True, **form) as stream:
        for chunk in stream:
            delta = chunk.choices[0].delta
            text += (delta.tool_calls[0].function.arguments or "") if delta.tool_calls else delta.content or ""
    return stream.response.headers["x-shadowbert-source"], text


@pytest.mark.slow
def test_the_life_of_a_task(plant: Plant, api: Api) -> None:
    settings = {"training__first": EXAMPLES, "policy__audit_rate": 0.5, "policy__min_rows": 20}
    tree, numbers = plant(**settings), itertools.count()
    with client(tree.url) as caller:
        routes = {answer.route for _ in range(EXAMPLES) if (answer := call(caller, next(numbers)))}
        assert routes <= {"llm:unknown_task", "llm:collecting"}
        until(lambda: tree.versions() and version(tree).stage is Stage.SHADOW, told=tree.said)
        for stage in (Stage.CANARY, Stage.LIVE):
            reaches(tree, caller, numbers, stage)
        for ask, form in itertools.product((plain, streamed), (CONTENT, TOOLS)):
            _answers_locally(caller, numbers, ask, form)
        _hands_back(tree, api, caller, numbers)


def _answers_locally(caller: openai.OpenAI, numbers: Iterator[int], ask: Any, form: Any) -> None:
    def local() -> bool:
        n = next(numbers)
        source, text = ask(caller, n, form)
        assert json.loads(text) == {"topic": topic_of(n)}
        return bool(source == "student")

    until(local)


def _hands_back(tree: Tree, api: Api, caller: openai.OpenAI, numbers: Iterator[int]) -> None:
    """The teacher changes its mind; nobody types a command."""
    api.teacher.turned = True
    reaches(tree, caller, numbers, Stage.SHADOW)
    (shown,) = tree.told("show", TASK)
    fall = shown["verdicts"][-1]
    assert (fall["by"], fall["move"], fall["stage_before"]) == ("gate", "demote", "live")
    before = len(shown["students"])
    until(lambda: (answer := call(caller, next(numbers))) and answer.route == "llm:shadow")
    until(lambda: len(tree.told("show", TASK)[0]["students"]) > before, told=tree.said)
