"""The running mean of weights."""

import numpy as np
import pytest
import torch

from shadowbert.bert.training.averaging import RunningMean


def walked(steps: int, *, decay: float) -> tuple[torch.nn.Parameter, RunningMean]:
    """A weight that is at 1, 2, 3 ... after each step."""
    weight = torch.nn.Parameter(torch.zeros(2))
    mean = RunningMean([weight], decay=decay)
    for step in range(1, steps + 1):
        with torch.no_grad():
            weight.fill_(step)
        mean.update()
    return weight, mean


def expected(steps: int, *, decay: float) -> float:
    mean = 0.0
    for step in range(1, steps + 1):
        kept = min(decay, step / (step + 10))
        mean = kept * mean + (1 - kept) * step
    return mean


@pytest.mark.parametrize(("steps", "decay"), [(1, 0.98), (30, 0.98), (200, 0.9)])
def test_it_is_the_exponential_mean(steps: int, decay: float) -> None:
    weight, mean = walked(steps, decay=decay)
    with mean.in_place():
        assert np.allclose(weight.detach().numpy(), expected(steps, decay=decay), rtol=1e-5)


def test_the_beginning_is_soon_forgotten() -> None:
    """Of ten steps' mean the start has less than a thousandth, where a plain one of this decay would give it 0.8."""
    weight = torch.nn.Parameter(torch.full((1,), 1000.0))
    mean = RunningMean([weight], decay=0.98)
    for _ in range(10):
        with torch.no_grad():
            weight.fill_(0.0)
        mean.update()
    mean.settle()
    assert 0 < weight.item() < 1


def test_training_goes_on_from_where_it_was() -> None:
    weight, mean = walked(5, decay=0.5)
    with mean.in_place():
        assert weight.tolist() != [5.0, 5.0]
    assert weight.tolist() == [5.0, 5.0]


def test_a_fault_leaves_the_weights_as_they_were() -> None:
    weight, mean = walked(5, decay=0.5)
    with pytest.raises(RuntimeError, match="judge"), mean.in_place():
        raise RuntimeError("judge")
    assert weight.tolist() == [5.0, 5.0]


def test_it_settles_on_the_mean() -> None:
    weight, mean = walked(40, decay=0.9)
    mean.settle()
    assert np.allclose(weight.detach().numpy(), expected(40, decay=0.9), rtol=1e-5)
    weight.sum().backward()  # type: ignore[no-untyped-call]  # it learns as before
    assert weight.grad is not None
