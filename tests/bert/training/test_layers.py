"""Every architecture has a stack of layers: lower ones learn more slowly or not at all, upper ones may start anew."""

from itertools import pairwise

import pytest
import torch
from transformers import AutoModel, PreTrainedModel

from shadowbert.bert.training.layers import freeze, paced, reinitialise, stack
from tests.bert.checkpoints import ARCHITECTURES
from tests.bert.checkpoints import config as config_of

each = pytest.mark.parametrize("kind", ARCHITECTURES)


def tiny(kind: str) -> PreTrainedModel:
    return AutoModel.from_config(config_of(kind, 100))


@each
def test_the_stack_is_found(kind: str) -> None:
    assert len(stack(tiny(kind))) == 2


@each
def test_everything_learns_the_embeddings_slowest(kind: str) -> None:
    model = tiny(kind)
    below = dict(paced(model))
    assert set(below) == {0, 1, 2}
    assert sum(map(len, below.values())) == len(list(model.parameters()))
    assert any(own is model.get_input_embeddings().weight for own in below[2])
    assert {id(own) for own in stack(model)[1].parameters()} <= {id(own) for own in below[0]}


@each
def test_the_lower_half_can_stay_as_it_is(kind: str) -> None:
    model = tiny(kind)
    freeze(model, 0.5)
    below = dict(paced(model))
    assert set(below) == {0}
    lower, upper = stack(model)
    assert not any(own.requires_grad for own in lower.parameters())
    assert all(own.requires_grad for own in upper.parameters())


def test_nothing_is_frozen_without_being_asked() -> None:
    model = tiny("bert")
    freeze(model, 0.0)
    assert all(own.requires_grad for own in model.parameters())


@each
def test_the_top_starts_anew_and_nothing_else(kind: str) -> None:
    model = tiny(kind)
    with torch.no_grad():
        for own in model.parameters():
            own.fill_(0.5)
    reinitialise(model, 1)
    lower, upper = stack(model)
    assert all((own == 0.5).all() for own in lower.parameters())
    assert any((own != 0.5).any() for own in upper.parameters())
    matrices = [own for own in upper.parameters() if own.dim() == 2]
    assert all(0 < own.std() < 0.5 for own in matrices)


def test_depths_rise_by_one() -> None:
    assert all(b == a + 1 for a, b in pairwise(depth for depth, _ in paced(tiny("roberta"))))
