"""`unrecognised`, and `show unrecognised`."""

import pytest

from shadowbert.domain.exchange import Exchange
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.flow.collect import Collect
from shadowbert.store.store import Store
from shadowbert.testing.calls import a_call, texts
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.lineage import found
from tests.cli.conftest import Shell
from tests.flow.test_collect import AT, put

SECRET = "my diagnosis"


def mixed() -> list[Exchange]:
    odd = Route(Source.LLM, Reason.OPEN_SCHEMA, Decider.RULE)
    return [an_exchange(route=odd), *(a_call(f"{SECRET} {text}") for text in texts(5))]


@pytest.mark.parametrize("words", [("unrecognised",), ("show", "unrecognised")])
def test_calls_of_no_task_are_told_with_why_and_without_their_texts(
    shell: Shell, store: Store, words: tuple[str, ...]
) -> None:
    put(Collect(store, lambda: AT), mixed())
    result = shell(*words)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "6 calls of no task (100.0 %) of the latest 6 calls, since 2025-10-09 08:53:20 UTC"
    assert [line.split()[:2] for line in lines[2:4]] == [["5", "83.3"], ["1", "16.6"]]
    assert lines[2].endswith("the task was not known yet")
    assert lines[3].endswith("a schema in which nothing is a choice")
    assert "  no task: too few different prompts (5 of 20 calls)" in lines
    assert SECRET not in result.stdout


def test_as_json(shell: Shell, store: Store) -> None:
    put(Collect(store, lambda: AT), mixed())
    told = shell.json("unrecognised")
    assert told == shell.json("show", "unrecognised")
    assert (told["observed"], told["recognised"], told["unrecognised"]) == (6, 0, 6)
    assert [(r["reason"], r["calls"]) for r in told["reasons"]] == [("unknown_task", 5), ("open_schema", 1)]
    (group,) = told["groups"]
    assert (group["why"], group["missing"], group["endpoint"]) == ("few", "5 of 20 calls", "chat")
    assert SECRET not in str(told)


def test_before_any_call(shell: Shell) -> None:
    assert shell("unrecognised").stdout == "No call has been read yet.\n"


def test_a_task_of_that_name_comes_first(shell: Shell, store: Store) -> None:
    found(store, task="unrecognised")
    assert shell.json("show", "unrecognised")[0]["task"] == "unrecognised"
