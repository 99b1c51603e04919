"""The running mean of what learns: steadier than the weights of any one step.

Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging"; exponential, as in Tarvainen and
Valpola 2017, arXiv 1703.01780. Refuses to know optimisers and losses.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

SOON = 10


class RunningMean:
    """Of these tensors, which somebody else changes in place. After n steps the newest has at least the weight
    10 / (n + 10), so that where they began is soon forgotten.
    """

    def __init__(self, tensors: Sequence[Tensor], *, decay: float) -> None:
        self._tensors = [tensor.detach() for tensor in tensors]
        self._means = [tensor.clone() for tensor in self._tensors]
        self._decay, self._steps = decay, 0

    def update(self) -> None:
        self._steps += 1
        kept = min(self._decay, self._steps / (self._steps + SOON))
        torch._foreach_lerp_(self._means, self._tensors, 1 - kept)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The tensors hold their means meanwhile."""
        self._exchange()
        try:
            yield
        finally:
            self._exchange()

    def settle(self) -> None:
        """The tensors hold their means from now on."""
        torch._foreach_copy_(self._tensors, self._means)

    def _exchange(self) -> None:
        for tensor, mean in zip(self._tensors, self._means, strict=True):
            held = tensor.clone()
            tensor.copy_(mean)
            mean.copy_(held)
