"""Kill -9 at any moment: no answered exchange is lost, none is doubled, and what is stored is what was answered."""

import random
from collections import Counter

import orjson
import pytest

from tests.e2e.calls import Load, message
from tests.e2e.conftest import Plant
from tests.e2e.tree import Tree, until

KILLS = ("web-0", "web-1", "loader", "web-0", "tree") * 4


def number_of(request: bytes) -> int:
    """Which message a stored request holds."""
    text = orjson.loads(request)["messages"][1]["content"]
    return next(int(word.strip(".:,?!")) for word in text.split() if word.strip(".:,?!").isdigit()) - 10_000


def check(tree: Tree, load: Load) -> None:
    """The set check: delivered replies are rows, each once and with the same bytes; other rows were in flight."""
    rows = tree.rows()
    stored = {row.id: row for row in rows}
    asked = Counter(number_of(row.request or b"") for row in rows)
    assert {n for n, answer in load.ledger.items() if answer.exchange not in stored} == set()
    assert {n for n, times in asked.items() if times > 1} == set()
    for n, answer in load.ledger.items():
        row = stored[answer.exchange]
        assert (row.response, row.status, row.outcome) == (answer.body, 200, "complete")
        assert number_of(row.request or b"") == n
        assert message(n).encode() in (row.request or b"")
    assert set(asked) - set(load.ledger) <= load.failed
    assert tree.total() == len(rows)


def kill(tree: Tree, name: str) -> None:
    if name == "tree":
        tree.kill_parent()
        tree.start()
    else:
        tree.kill(name)


def suffer(tree: Tree, kills: tuple[str, ...]) -> Load:
    """Each kill strikes in the middle of the load, after a few more calls each time; then the tree stops in order."""
    moment = random.Random(20)
    load = Load(tree.url)
    with load.running():
        for name in kills:
            wanted = len(load.ledger) + moment.randint(1, 40)
            until(lambda wanted=wanted: len(load.ledger) >= wanted, told=tree.said)
            kill(tree, name)
        wanted = len(load.ledger) + 20
        until(lambda: len(load.ledger) >= wanted, told=tree.said)
    assert tree.end() == 0, tree.said()
    return load


@pytest.mark.slow
def test_twenty_kills_under_load_lose_and_double_nothing(plant: Plant) -> None:
    tree = plant("--no-worker", "--processes=2")
    load = suffer(tree, KILLS)
    assert load.failed, "no kill has met a call in flight: the load was too light"
    check(tree, load)


def test_a_few_kills_on_postgresql(plant: Plant, postgres_url: str) -> None:
    tree = plant("--no-worker", "--processes=2", store__url=postgres_url, journal__durability="power-loss")
    check(tree, suffer(tree, ("web-0", "loader", "tree")))
