"""Linear-probe-then-fine-tune: from fitted heads on, train heads and encoder together.

Kumar et al. 2022 (arXiv 2202.10054): random heads would first distort the features they are to read. The nearer a layer
is to the words, the slower it learns (Howard and Ruder 2018, arXiv 1801.06146). What is judged and kept is the running
mean of the weights. Where several ranks train, each learns its share of every batch, all take the same steps, and the
first one judges for all. Refuses to know files, variants and whether the result is any better than another recipe's.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast
from torch import Tensor
from torch.nn.functional import cross_entropy

from shadowbert.bert.training.averaging import RunningMean
from shadowbert.bert.training.batches import batches, pad, share
from shadowbert.bert.training.device import autocast
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
    averaging: float = 0.98
    """Decay of the running mean of the weights, a step."""
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


def fine_tune(
    encoder: Encoder,
    heads: Sequence[Head],
    lesson: Lesson,
    *,
    settings: Settings,
    judge: Judge,
    accelerator: Accelerator,
) -> Tuned:
    """Train the encoder in place; it and the heads are left as they were after the epoch that is judged best, on the
    CPU. The judge is asked on the first rank alone, and its word holds on all.
    """
    course = _Course(encoder, heads, lesson, settings, accelerator)
    best, kept, at = (-1.0, 0.0), course.state(), 0
    for epoch in range(1, settings.epochs + 1):
        loss = course.epoch(epoch)
        with course.averaged():
            judged = _told_all(judge(course.heads()) if accelerator.is_main_process else best, accelerator)
            if judged > best:
                best, kept, at = judged, course.state(), epoch
        emit("epoch", epoch=epoch, of=settings.epochs, loss=round(loss, 4), agreement=round(judged[0], 4))
        if epoch - at == settings.patience:
            break
    course.go_back(kept)
    return Tuned(course.end(), at)


@dataclass(frozen=True, slots=True)
class Pace:
    """Of a course without a judge: set as another one was, it ends where that one was best."""

    settings: Settings
    epochs: int
    lot: str = "all examples"
    """What it is taught by, for people who watch."""


def repeat(
    encoder: Encoder, heads: Sequence[Head], lesson: Lesson, *, pace: Pace, accelerator: Accelerator
) -> tuple[Head, ...]:
    """The same course on another lesson."""
    course = _Course(encoder, heads, lesson, pace.settings, accelerator, phase=f"fine-tuning on {pace.lot}")
    for epoch in range(1, pace.epochs + 1):
        emit("epoch", epoch=epoch, of=pace.epochs, loss=round(course.epoch(epoch), 4))
    course.settle()
    return course.end()


def _told_all(judged: tuple[float, float], accelerator: Accelerator) -> tuple[float, float]:
    """What the first rank found: every rank goes back to the same epoch and stops after the same."""
    if accelerator.num_processes == 1:
        return judged
    agreement, second = broadcast(torch.tensor(judged, dtype=torch.float64, device=accelerator.device)).tolist()
    return agreement, second


State = dict[str, Tensor]


class _Pupil(torch.nn.Module):
    """What learns, as one: ids and mask to one tensor of logits a field. The heads stay in fp32."""

    def __init__(self, encoder: Encoder, layers: torch.nn.ModuleList) -> None:
        super().__init__()
        self.encoder, self.layers = encoder, layers

    def forward(self, ids: Tensor, mask: Tensor) -> list[Tensor]:
        embedding = self.encoder(ids, mask)
        with torch.autocast(embedding.device.type, enabled=False):
            return [layer(embedding.float()) for layer in self.layers]


class _Course:
    """The encoder, its heads and the optimiser, from the first step to the last."""

    def __init__(
        self,
        encoder: Encoder,
        heads: Sequence[Head],
        lesson: Lesson,
        settings: Settings,
        accelerator: Accelerator,
        *,
        phase: str = "fine-tuning",
    ) -> None:
        torch.manual_seed(settings.seed)
        self._encoder, self._before, self._lesson, self._settings = encoder, heads, lesson, settings
        self._accelerator, self._phase = accelerator, phase
        self._layers = torch.nn.ModuleList([_layer(head) for head in heads])
        self._targets = _targets(lesson.labels, heads)
        reinitialise(encoder.model, settings.reinitialised)
        freeze(encoder.model, settings.frozen)
        self._pupil = accelerator.prepare_model(_Pupil(encoder, self._layers))
        optimiser = _optimiser(encoder, self._layers, settings)
        self._learning = [own for group in optimiser.param_groups for own in group["params"]]
        self._mean = RunningMean(self._learning, decay=settings.averaging)
        steps = settings.epochs * -(-len(lesson.tokens) // settings.batch)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, steps, settings.warmup))
        self._optimiser = accelerator.prepare_optimizer(optimiser)
        self._told = Steps("finetune", steps)
        if accelerator.process_index:  # ranks begin alike, but leave out (dropout) different things
            torch.manual_seed(settings.seed + accelerator.process_index)

    def epoch(self, number: int) -> float:
        """The mean loss."""
        self._pupil.train()
        losses: list[float] = []
        size = self._settings.batch
        for rows in batches(self._lesson.tokens, size, seed=self._settings.seed, epoch=number):
            losses.append(self._step(rows))
            self._told.done(phase=self._phase, loss=round(float(np.mean(losses)), 4))
        self._pupil.eval()
        return float(np.mean(losses))

    def _step(self, rows: list[int]) -> float:
        """The loss on this rank's share."""
        device, smoothing = self._accelerator.device, self._settings.smoothing
        own, weight = share(rows, self._accelerator.process_index, self._accelerator.num_processes)
        logits = self._pupil(*(part.to(device) for part in pad([self._lesson.tokens[row] for row in own])))
        terms = self._lesson.weights[own].to(device), smoothing
        loss = weight * _loss(logits, self._targets[own].to(device), terms)
        self._accelerator.backward(loss)
        self._accelerator.clip_grad_norm_(self._learning, self._settings.clip)
        self._optimiser.step()
        self._schedule.step()
        self._optimiser.zero_grad()
        self._mean.update()
        return loss.item()

    def averaged(self) -> AbstractContextManager[None]:
        """Encoder and heads are their running means meanwhile."""
        return self._mean.in_place()

    def settle(self) -> None:
        self._mean.settle()

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
        self._encoder.to("cpu")
        return self.heads()


def embedded(encoder: Encoder, tokens: Sequence[Sequence[int]]) -> Floats32:
    """(rows, dimensions), by torch as it trains: close to what the graphs will say, at a tenth of the time."""
    device = next(encoder.parameters()).device
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))
    found = np.empty((len(tokens), 0), dtype=np.float32)
    for start in range(0, len(order), AT_ONCE):
        rows = order[start : start + AT_ONCE]
        with torch.inference_mode(), autocast(device):
            own = encoder(*(part.to(device) for part in pad([tokens[row] for row in rows]))).float().cpu().numpy()
        found = found if found.shape[1] else np.empty((len(tokens), own.shape[1]), dtype=np.float32)
        found[rows] = own
    return found


def _loss(logits: Sequence[Tensor], targets: Tensor, terms: tuple[Tensor, float]) -> Tensor:
    """Sum over fields of the weighted, smoothed cross entropy. A constant field adds 0."""
    weights, smoothing = terms
    losses = [
        cross_entropy(own, targets[:, field], label_smoothing=smoothing, reduction="none")
        for field, own in enumerate(logits)
    ]
    return (torch.stack(losses).sum(dim=0) * weights).mean()


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
    weight, bias = (own.detach().cpu().numpy().copy() for own in layer.parameters())
    return Head(before.labels, weight, bias)
