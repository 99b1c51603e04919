"""What decides on top of the encoder: linear heads on its embedding, and beside them words and neighbours.

Refuses to know torch, and how a recipe came by its experts. An expert without a share in any field is left out, and a
served answer does not pay for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shadowbert.bert.training.heads import Floats32, Head, stack
from shadowbert.bert.training.lexical import LexicalExpert, NgramTable, join
from shadowbert.bert.training.neighbours import Neighbourhood
from shadowbert.bert.training.product import Shares


@dataclass(frozen=True, slots=True)
class Experts:
    heads: tuple[Head, ...]
    sizes: tuple[int, ...]
    words: NgramTable | None = None
    """Its share is in its numbers, and its constants are in the heads'."""
    neighbours: Neighbourhood | None = None
    shares: Shares = ()
    """Of the neighbours, one a field."""

    def with_words(self, expert: LexicalExpert, shares: Shares, codes: npt.NDArray[np.int64]) -> "Experts":
        table, heads = NgramTable.of(expert, shares, codes, self.sizes), join(self.heads, expert, shares)
        return Experts(heads, self.sizes, table, self.neighbours, self.shares)

    def with_neighbours(self, known: Neighbourhood, shares: Shares) -> "Experts":
        return Experts(self.heads, self.sizes, self.words, known, shares)

    def layer(self) -> tuple[Floats32, Floats32]:
        """The heads as one linear layer: weight (outputs, dimensions) and bias (outputs,)."""
        return stack(self.heads, self.sizes)

    def per_output(self) -> list[float]:
        """The neighbours' share, one an output."""
        return [share for share, size in zip(self.shares, self.sizes, strict=True) for _ in range(size)]

    def logits(self, embedding: Floats32, tokens: Sequence[int]) -> Floats32:
        """(outputs,): what the student's graph says of one text."""
        weight, bias = self.layer()
        said = embedding @ weight.T + bias
        if self.words is not None:
            said = said + self.words.logits(tokens)
        if self.neighbours is not None:
            fields = self.neighbours.logits(embedding[None], self.sizes)
            said = said + np.array(self.per_output(), np.float32) * np.concatenate(fields, axis=1)[0]
        return said

    def tensors(self) -> dict[str, npt.NDArray[np.generic]]:
        """By name, as they are published beside the encoder's weights."""
        named = {
            f"heads.{field}.{name}": own for field, h in enumerate(self.heads) for name, own in h.tensors().items()
        }
        if self.words is not None:
            named |= {f"words.{name}": own for name, own in self.words.tensors().items()}
        if self.neighbours is not None:
            named |= {f"neighbours.{name}": own for name, own in self.neighbours.tensors().items()}
            named["neighbours.shares"] = np.array(self.shares, dtype=np.float32)
        return named
