"""The same student in plain torch and transformers, in single precision: to go on with, to look into, to run on a GPU.

    python modeling.py "some text"
    StudentModel(Path("folder")).says("some text")

Needs torch, transformers and safetensors beside what student.py needs, which must lie in the same folder. Where the
student serves in int8 its answers differ a little from these; where it serves in fp32 by less than a thousandth.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load
from student import SEPARATOR, Folder  # type: ignore[import-not-found]
from torch import Tensor
from transformers import AutoConfig, AutoModel

UNSEEN = -1e6  # logit of a label that was in no example
PRIME = 2**31 - 1
NEAREST, SHARPNESS, SMOOTHING = 20, 15.0, 0.3


class StudentModel(torch.nn.Module):
    """Three experts added up: linear heads on the encoder's embedding, the words, the nearest known inputs."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.folder = Folder(path)
        self.tensors: dict[str, Tensor] = load(self.folder.read("weights.safetensors"))
        config = AutoConfig.from_pretrained(path, local_files_only=True)
        self.encoder = AutoModel.from_config(config, attn_implementation="eager", dtype=torch.float32).eval()
        self.encoder.load_state_dict(self.part("encoder."))
        self.border = self._border() if getattr(config, "type_vocab_size", 0) > 1 else None

    def part(self, prefix: str) -> dict[str, Tensor]:
        return {name[len(prefix) :]: own for name, own in self.tensors.items() if name.startswith(prefix)}

    def forward(self, ids: Tensor) -> Tensor:
        """Token ids of one text, (1, tokens), to the logits of all fields side by side, (outputs,)."""
        embedding = self.embed(ids)
        logits = self.heads(embedding)
        if words := self.part("words."):
            logits = logits + by_words(ids[0], words)
        if known := self.part("neighbours."):
            shares = known["shares"].repeat_interleave(torch.tensor(self.sizes()))
            logits = logits + shares * by_neighbours(embedding, known)
        return logits

    def embed(self, ids: Tensor) -> Tensor:
        """Of unit length: (dimensions,)."""
        output = self.encoder(input_ids=ids, attention_mask=torch.ones_like(ids), **self.segments(ids))
        hidden = output.last_hidden_state[0]
        pooled = {"cls": hidden[0], "mean": hidden.mean(dim=0), "max": hidden.amax(dim=0)}
        return torch.nn.functional.normalize(pooled[self.folder.manifest["pooling"]], dim=-1)

    def segments(self, ids: Tensor) -> dict[str, Tensor]:
        """Of a pair: 1 after the first border, as in BERT."""
        if self.border is None:
            return {}
        ends = (ids == self.border).long()
        return {"token_type_ids": (ends.cumsum(dim=1) > ends).long()}

    def heads(self, embedding: Tensor) -> Tensor:
        layer = torch.cat([self.head(number, size) for number, size in enumerate(self.sizes())])
        return layer[:, :-1] @ embedding + layer[:, -1]

    def sizes(self) -> list[int]:
        return [len(self.folder.labels(field)) for field in self.folder.fields]

    def says(self, text: str) -> dict[str, Any]:
        with torch.no_grad():
            logits = self(torch.tensor([self.folder.tokens(text)]))
        told: dict[str, Any] = self.folder.answer(logits.numpy())
        return told

    def head(self, number: int, size: int) -> Tensor:
        """Weight and bias of a field's labels, (size, dimensions + 1)."""
        own = self.part(f"heads.{number}.")
        layer = torch.zeros(size, own["weight"].shape[1] + 1)
        layer[:, -1] = UNSEEN
        layer[own["labels"]] = torch.cat([own["weight"], own["bias"][:, None]], dim=1)
        return layer

    def _border(self) -> int | None:
        """The token that ends the first text of a pair."""
        if not self.folder.manifest["pairs"]:
            return None
        pair = self.folder.tokenizer.encode("", "")
        border: int = pair.ids[pair.type_ids.index(1) - 1] if 1 in pair.type_ids else pair.ids[-1]
        return border


def by_words(ids: Tensor, words: dict[str, Tensor]) -> Tensor:
    """Hashed n-grams of one to three tokens; a special token has code 0, and what it touches does not count."""
    first = words["codes"][ids]
    second = first * first % PRIME
    third = second * first % PRIME
    pairs = first[:-1] * second[1:] % PRIME
    triples = pairs[:-1] * third[2:] % PRIME
    buckets = torch.cat([first, pairs, triples]) % len(words["index"])
    sums = words["table"][words["index"][buckets].long()].float().sum(dim=0)
    return sums[:-1] / sums[-1].clamp(min=1).sqrt()


def by_neighbours(embedding: Tensor, known: dict[str, Tensor]) -> Tensor:
    """The log share of the votes of the nearest known inputs; the embedding is rounded as ONNX rounds it."""
    likeness = known["bank"].float() @ rounded(embedding) * known["scales"]
    nearest = likeness.topk(min(NEAREST, len(likeness)))
    votes = (SHARPNESS * (nearest.values - 1)).exp()
    votes = votes - votes.min() * (len(likeness) > NEAREST)  # the farthest of them is without a voice
    cast = votes @ known["outcomes"][nearest.indices].float() + known["floor"]
    return (cast / (votes.sum() + SMOOTHING)).log()


def rounded(embedding: Tensor) -> Tensor:
    """DynamicQuantizeLinear: 256 steps from the least to the largest value, or 0."""
    low, high = embedding.amin().clamp(max=0), embedding.amax().clamp(min=0)
    step = ((high - low) / 255).clamp(min=torch.finfo(torch.float32).tiny)
    zero = (-low / step).round()
    return (((embedding / step).round() + zero).clamp(0, 255) - zero) * step


if __name__ == "__main__":
    answered = StudentModel(Path(__file__).parent).says(SEPARATOR.join(sys.argv[1:]))
    sys.stdout.write(json.dumps(answered, ensure_ascii=False) + "\n")
