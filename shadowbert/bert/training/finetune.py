"""Linear-probe-then-fine-tune: from fitted heads on, train heads and encoder together.

Kumar et al. 2022 (arXiv 2202.10054): random heads would first distort the features they are to read. The nearer a layer
is to the words, the slower it learns (Howard and Ruder 2018, arXiv 1801.06146). Refuses to know files, variants and
whether the result is any better than another recipe's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.heads import Floats32, Head
from shadowbert.bert.training.layers import freeze, paced, reinitialise
from shadowbert.bert.training.probe import Ints
from shadowbert.bert.training.progress import Steps, emit

AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """Measured on MiniLM-L6; the learning rates suit encoders of about 20 million weights."""

    epochs: int = 3
    """At most."""
    patience: int = 2
    """So many epochs without a better one end the training; the best one's weights are kept."""
    batch: int = 16
    encoder_lr: float = 2e-4
    """Of the top layer."""
    decay: float = 0.9
    """Of the learning rate, from each layer to the one below."""
    head_lr: float = 1e-2
    weight_decay: float = 0.01
    warmup: float = 0.1
    smoothing: float = 0.05
    clip: float = 1.0
    frozen: float = 0.0
    """The share of the layers, from below, that do not learn; the words' embeddings are the first of them."""
    reinitialised: int = 0
    """Layers at the top that start anew."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is trained on: token ids a row, labels (rows, fields), weights (rows,)."""

    tokens: Sequence[Sequence[int]]
    labels: Ints
    weights: Tensor


Judge = Callable[[Sequence[Head]], tuple[float, float]]
"""Agreement of the encoder with these heads on rows that it does not learn from; a second number parts equals."""


@dataclass(frozen=True, slots=True)
class Tuned:
    heads: tuple[Head, ...]
    epoch: int
    """The one that was kept, from 1."""


def fine_tune(encoder: Encoder, heads: Sequence[Head], lesson: Lesson, *, settings: Settings, judge: Judge) -> Tuned:
    """Train the encoder in place; it and the heads are left as they were after the epoch that is judged best."""
    course = _Course(encoder, heads, lesson, settings)
    best, kept, at = (-1.0, 0.0), course.state(), 0
    for epoch in range(1, settings.epochs + 1):
        loss = course.epoch(epoch)
        judged = judge(course.heads())
        emit("epoch", epoch=epoch, of=settings.epochs, loss=round(loss, 4), agreement=round(judged[0], 4))
        if judged > best:
            best, kept, at = judged, course.state(), epoch
        elif epoch - at == settings.patience:
            break
    course.go_back(kept)
    return Tuned(course.end(), at)


def repeat(
    encoder: Encoder, heads: Sequence[Head], lesson: Lesson, *, settings: Settings, epochs: int
) -> tuple[Head, ...]:
    """The same course on another lesson, without a judge: as many epochs as were best, at the same pace."""
    course = _Course(encoder, heads, lesson, settings, phase="fine-tuning on all examples")
    for epoch in range(1, epochs + 1):
        emit("epoch", epoch=epoch, of=epochs, loss=round(course.epoch(epoch), 4))
    return course.end()


State = dict[str, Tensor]


class _Course:
    """The encoder, its heads and the optimiser, from the first step to the last."""

    def __init__(
        self, encoder: Encoder, heads: Sequence[Head], lesson: Lesson, settings: Settings, phase: str = "fine-tuning"
    ) -> None:
        torch.manual_seed(settings.seed)
        self._encoder, self._before, self._lesson, self._settings = encoder, heads, lesson, settings
        self._layers = torch.nn.ModuleList([_layer(head) for head in heads])
        self._targets = _targets(lesson.labels, heads)
        reinitialise(encoder.model, settings.reinitialised)
        freeze(encoder.model, settings.frozen)
        self._optimiser = _optimiser(encoder, self._layers, settings)
        steps = settings.epochs * -(-len(lesson.tokens) // settings.batch)
        self._phase = phase
        self._told = Steps("finetune", steps)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser, lambda step: _pace(step, steps, settings.warmup)
        )

    def epoch(self, number: int) -> float:
        """The mean loss."""
        self._encoder.train()
        losses: list[float] = []
        for rows in _batches(self._lesson.tokens, self._settings, number):
            losses.append(self._step(rows))
            self._told.done(phase=self._phase, loss=round(float(np.mean(losses)), 4))
        self._encoder.eval()
        return float(np.mean(losses))

    def _step(self, rows: list[int]) -> float:
        tokens, weights, settings = self._lesson.tokens, self._lesson.weights, self._settings
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16_is_faster()):
            embedding = self._encoder(*pad([tokens[row] for row in rows]))
        loss = _loss(self._layers, embedding.float(), self._targets[rows], (weights[rows], settings.smoothing))
        loss.backward()  # type: ignore[no-untyped-call]
        clip_grad_norm_([own for group in self._optimiser.param_groups for own in group["params"]], self._settings.clip)
        self._optimiser.step()
        self._schedule.step()
        self._optimiser.zero_grad()
        return loss.item()

    def heads(self) -> tuple[Head, ...]:
        return tuple(_head(layer, head) for layer, head in zip(self._layers, self._before, strict=True))

    def state(self) -> tuple[State, State]:
        """Copies of what learns, of the encoder and of the heads."""
        own = {name: p.detach().clone() for name, p in self._encoder.named_parameters() if p.requires_grad}
        return own, {name: tensor.clone() for name, tensor in self._layers.state_dict().items()}

    def go_back(self, state: tuple[State, State]) -> None:
        own, layers = state
        self._encoder.load_state_dict(own, strict=False)
        self._layers.load_state_dict(layers)

    def end(self) -> tuple[Head, ...]:
        for own in self._encoder.parameters():
            own.requires_grad = True
        return self.heads()


def embedded(encoder: Encoder, tokens: Sequence[Sequence[int]]) -> Floats32:
    """(rows, dimensions), by torch as it trains: close to what the graphs will say, at a tenth of the time."""
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
    found = np.empty((len(tokens), 0), dtype=np.float32)
    for start in range(0, len(order), AT_ONCE):
        rows = order[start : start + AT_ONCE]
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16_is_faster()):
            own = encoder(*pad([tokens[row] for row in rows])).float().numpy()
        found = found if found.shape[1] else np.empty((len(tokens), own.shape[1]), dtype=np.float32)
        found[rows] = own
    return found


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


def _loss(layers: Iterable[torch.nn.Module], embedding: Tensor, targets: Tensor, terms: tuple[Tensor, float]) -> Tensor:
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


def _optimiser(encoder: Encoder, layers: torch.nn.ModuleList, settings: Settings) -> torch.optim.AdamW:
    groups = [{"params": own, "lr": settings.encoder_lr * settings.decay**below} for below, own in paced(encoder.model)]
    groups.append({"params": list(layers.parameters()), "lr": settings.head_lr})
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


def _head(layer: torch.nn.Module, before: Head) -> Head:
    weight, bias = (own.detach().numpy().copy() for own in layer.parameters())
    return Head(before.labels, weight, bias)
