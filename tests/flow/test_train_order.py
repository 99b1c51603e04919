"""What a training child is told of the inputs and of the encoder."""

import json
from pathlib import Path

import pytest

from shadowbert.domain.task import Policy
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.flow.recipes import Recipes
from shadowbert.flow.train import Train
from shadowbert.store.store import Store
from shadowbert.testing.fakes import ScriptedTrainer
from shadowbert.testing.lineage import NOW, found

PAIR = (SkeletonMessage("user", ("Is ", " like ", "?")),)


@pytest.mark.parametrize(
    ("skeleton", "pairs"),
    [
        (Skeleton((SkeletonMessage("user", ("", "")),)), False),
        (Skeleton(PAIR), True),
        (Skeleton(PAIR, excluded=(0,)), False),
    ],
)
def test_a_prompt_with_two_slots_that_count_is_a_pair(
    skeleton: Skeleton, pairs: bool, sqlite_store: Store, tmp_path: Path
) -> None:
    line, trainer = found(sqlite_store, skeleton=skeleton), ScriptedTrainer()
    line.calls(60)
    placed = {"device": "cuda", "devices": 2, "serving": "cuda"}
    recipes = Recipes(encoder="acme/bert", pooling="cls", max_tokens=128, **placed)
    assert Train(sqlite_store, trainer, Policy(first_training=40), recipes, tmp_path, lambda: NOW).step()
    order = json.loads((trainer.started[0].folder / "job.json").read_text("utf-8"))
    assert order["pairs"] is pairs
    assert (order["encoder"], order["pooling"], order["max_tokens"]) == ("acme/bert", "cls", 128)
    assert placed.items() <= order.items()
