"""The model behind a running server is switched off: what is told, chosen and done, and that its return ends it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openai
import pytest

from shadowbert.domain.records import VersionRow
from shadowbert.domain.task import Stage
from tests.e2e.calls import TASK, Answer, call
from tests.e2e.conftest import NO_TRAINING, QUICK, Api
from tests.e2e.tree import Tree, planted, until

NEW = "gpt-5"
OFTEN = {"policy.audit_rate": 0.3}


@pytest.fixture(scope="module")
def tree(live_dir: Path, api: Api) -> Iterator[Tree]:
    with planted(Tree(live_dir, api.url, QUICK | NO_TRAINING | OFTEN)) as planted_tree:
        yield planted_tree


def switch(api: Api, *models: str) -> None:
    """Upstream knows only these; all where none is named."""
    api.upstream.simulation = replace(api.upstream.simulation, models=frozenset(models) or None)


def ask(caller: openai.OpenAI, n: int, **changes: str) -> Answer | openai.NotFoundError | None:
    """The answer, or upstream's own refusal."""
    try:
        return call(caller, n, **changes)
    except openai.NotFoundError as refusal:
        return refusal


def version(tree: Tree) -> VersionRow:
    return tree.versions()[0]


def becomes(tree: Tree, caller: openai.OpenAI, numbers: Iterator[int], *, unaudited: bool) -> None:
    until(lambda: ask(caller, next(numbers)) and (version(tree).unaudited is not None) is unaudited, told=tree.said)


def goes(caller: openai.OpenAI, numbers: Iterator[int], route: str, **changes: str) -> None:
    """Some call is answered this way."""
    until(lambda: isinstance(said := ask(caller, next(numbers), **changes), Answer) and said.route == route)


def test_a_model_that_is_gone_is_told_and_frozen_and_its_return_ends_both(
    tree: Tree, api: Api, caller: openai.OpenAI, numbers: Iterator[int]
) -> None:
    switch(api, NEW)
    becomes(tree, caller, numbers, unaudited=True)
    (told,) = tree.told("unaudited", TASK)
    assert told["why"].startswith("the LLM is gone: upstream knows its model no more (")
    assert told["answered_locally"] >= 0
    frozen = tree.told("unaudited", TASK, "--freeze", "--why", "no hurry")
    assert (frozen["stage"], frozen["frozen"]) == ("live", True)
    goes(caller, numbers, "student")
    switch(api)
    becomes(tree, caller, numbers, unaudited=False)
    assert not version(tree).frozen
    (shown,) = tree.told("show", TASK)
    assert shown["verdicts"][-1]["reason"].startswith("The LLM answers again")
    goes(caller, numbers, "student")


def test_a_failed_audit_is_upstreams_own_error(
    tree: Tree, api: Api, caller: openai.OpenAI, numbers: Iterator[int]
) -> None:
    switch(api, NEW)
    refused = until(lambda: isinstance(said := ask(caller, next(numbers)), openai.NotFoundError) and said)
    assert refused.code == "model_not_found"
    assert refused.response.headers["x-shadowbert-source"] == "llm"
    switch(api)


def test_calls_of_a_new_teacher_have_their_version_at_once(
    tree: Tree, caller: openai.OpenAI, numbers: Iterator[int]
) -> None:
    done = tree.told("unaudited", TASK, "--new-teacher", NEW)
    assert (done["teacher"], done["founded"], done["examples"] > 0) == (NEW, True, True)
    goes(caller, numbers, "llm:collecting", model=NEW)
    old, new = tree.told("show", TASK)
    assert (old["stage"], new["inherits"], new["teacher"]) == ("live", [old["version"]], NEW)


def test_with_no_time_allowed_the_llm_answers_everything_again(
    tree: Tree, api: Api, caller: openai.OpenAI, numbers: Iterator[int]
) -> None:
    tree.told("policy", TASK, "unaudited_hours=0")
    switch(api, NEW)
    until(lambda: ask(caller, next(numbers)) and version(tree).stage is Stage.SHADOW, told=tree.said)
    shown, _ = tree.told("show", TASK)
    assert shown["verdicts"][-1]["reason"].startswith("Nobody has checked its answers for as long as the policy lets")
    switch(api)
    goes(caller, numbers, "llm:shadow")
