"""Linear-probe-then-fine-tune: from fitted heads on, train heads and encoder together.

Kumar et al. 2022 (arXiv 2202.10054): random heads would first distort the features they are to read. Refuses to know
files, variants and whether the result is any better.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.heads import Head
from shadowbert.bert.training.probe import Ints
from shadowbert.bert.training.progress import Steps, emit

MIN_STEPS, MAX_EPOCHS = 250, 10


@dataclass(frozen=True, slots=True)
class Settings:
    """Measured on MiniLM-L6; the learning rate suits encoders of about 20 million weights."""

    epochs: int = 3
    batch: int = 16
    encoder_lr: float = 2e-4
    head_lr: float = 1e-2
    weight_decay: float = 0.01
    warmup: float = 0.1
    smoothing: float = 0.05
    clip: float = 1.0
    seed: int = 0

    @classmethod
    def for_rows(cls, rows: int, *, seed: int) -> "Settings":
        """Three epochs, and more where those are too few steps to leave the starting point (Zhang et al. 2021, arXiv
        2006.05987: few-sample BERT wants more iterations, not another optimiser).
        """
        usual = cls(seed=seed)
        wanted = -(-MIN_STEPS * usual.batch // rows)
        return replace(usual, epochs=min(MAX_EPOCHS, max(usual.epochs, wanted)))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is trained on: token ids a row, labels (rows, fields), weights (rows,)."""

    tokens: Sequence[Sequence[int]]
    labels: Ints
    weights: Tensor


def fine_tune(encoder: Encoder, heads: Sequence[Head], lesson: Lesson, *, settings: Settings) -> tuple[Head, ...]:
    """Train the encoder in place and return the trained heads."""
    torch.manual_seed(settings.seed)
    layers = [_layer(head) for head in heads]
    targets = _targets(lesson.labels, heads)
    optimiser = _optimiser(encoder, layers, settings)
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    steps = settings.epochs * -(-len(lesson.tokens) // settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, steps, settings.warmup))
    encoder.train()
    told = Steps("finetune", steps)
    for epoch in range(settings.epochs):
        losses: list[float] = []
        for rows in _batches(lesson.tokens, settings, epoch):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16_is_faster()):
                embedding = encoder(*pad([lesson.tokens[row] for row in rows]))
            loss = _loss(layers, embedding.float(), targets[rows], (lesson.weights[rows], settings.smoothing))
            loss.backward()  # type: ignore[no-untyped-call]
            clip_grad_norm_(parameters, settings.clip)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
            losses.append(loss.item())
            told.done(phase="fine-tuning", loss=round(float(np.mean(losses)), 4))
        emit("epoch", epoch=epoch + 1, of=settings.epochs, loss=round(float(np.mean(losses)), 4))
    encoder.eval()
    return tuple(_head(layer, head) for layer, head in zip(layers, heads, strict=True))


def bfloat16_is_faster() -> bool:
    """Only where the processor multiplies bfloat16 itself; elsewhere it is emulated and slower."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("amx_bf16") or able.get("avx512_bf16"))


def pad(tokens: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask, (rows, longest). The padding id does not matter: it is masked."""
    ids = torch.zeros(len(tokens), max(map(len, tokens)), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, own in enumerate(tokens):
        ids[row, : len(own)] = torch.tensor(own)
        mask[row, : len(own)] = 1
    return ids, mask


def _loss(layers: Sequence[torch.nn.Linear], embedding: Tensor, targets: Tensor, terms: tuple[Tensor, float]) -> Tensor:
    """Sum over fields of the weighted, smoothed cross entropy. A constant field adds 0."""
    weights, smoothing = terms
    losses = [
        cross_entropy(layer(embedding), targets[:, field], label_smoothing=smoothing, reduction="none")
        for field, layer in enumerate(layers)
    ]
    return (torch.stack(losses).sum(dim=0) * weights).mean()


def _batches(tokens: Sequence[Sequence[int]], settings: Settings, epoch: int) -> Iterator[list[int]]:
    """Rows of like length together (little padding), in an order that is new each epoch."""
    random = np.random.default_rng((settings.seed, epoch))
    order = random.permutation(len(tokens))
    pool = 16 * settings.batch
    batches = []
    for start in range(0, len(order), pool):
        rows = sorted(order[start : start + pool].tolist(), key=lambda row: len(tokens[row]))
        batches += [rows[i : i + settings.batch] for i in range(0, len(rows), settings.batch)]
    for batch in random.permutation(len(batches)):
        yield batches[batch]


def _pace(step: int, steps: int, warmup: float) -> float:
    """Up linearly over the warm-up, then down linearly to nothing."""
    rising = max(1, round(warmup * steps))
    return (step + 1) / rising if step < rising else max(0.0, (steps - step) / max(1, steps - rising))


def _optimiser(encoder: Encoder, layers: Sequence[torch.nn.Linear], settings: Settings) -> torch.optim.AdamW:
    groups = [
        {"params": list(encoder.parameters()), "lr": settings.encoder_lr},
        {"params": [p for layer in layers for p in layer.parameters()], "lr": settings.head_lr},
    ]
    return torch.optim.AdamW(groups, weight_decay=settings.weight_decay, fused=True)


def _targets(labels: Ints, heads: Sequence[Head]) -> Tensor:
    """Labels counted among those the head has seen."""
    columns = [np.searchsorted(np.array(head.labels), labels[:, field]) for field, head in enumerate(heads)]
    return torch.from_numpy(np.stack(columns, axis=1))


def _layer(head: Head) -> torch.nn.Linear:
    rows, dimensions = head.weight.shape
    layer = torch.nn.Linear(dimensions, rows)
    layer.weight = torch.nn.Parameter(torch.from_numpy(head.weight.copy()))
    layer.bias = torch.nn.Parameter(torch.from_numpy(head.bias.copy()))
    return layer


def _head(layer: torch.nn.Linear, before: Head) -> Head:
    return Head(before.labels, layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
