"""Encoders: the torch module that turns tokens into one embedding.

Refuses to know tasks and heads, and where checkpoints come from (`checkpoint`).
"""

from collections.abc import Iterable

import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from shadowbert.bert.serving.artifact import Pooling
from shadowbert.bert.training.checkpoint import Checkpoint
from shadowbert.errors import TrainingFailed


class Encoder(torch.nn.Module):
    """Pooled last hidden state, L2-normalised: (rows, tokens) ids and mask to (rows, dimensions).

    `border` is the token that ends the first text of a pair; what follows it has segment id 1, as in BERT. It is found
    in the ids, so that whoever runs this, or its exported graph, has ids and mask to give and nothing else. None for
    single texts, and for architectures without segments.
    """

    def __init__(
        self, model: torch.nn.Module, *, vocabulary: int, pooling: Pooling = "mean", border: int | None = None
    ) -> None:
        super().__init__()
        self.model = model
        self.vocabulary = vocabulary
        self.pooling = pooling
        self.border = border

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        segments = {} if self.border is None else {"token_type_ids": second_segment(input_ids, self.border)}
        hidden: Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask, **segments).last_hidden_state
        return torch.nn.functional.normalize(_pool(hidden, attention_mask, self.pooling), dim=-1)


def second_segment(input_ids: Tensor, border: int) -> Tensor:
    """1 after the first border, 0 up to it and on it.

    >>> second_segment(torch.tensor([[101, 7, 102, 8, 9, 102]]), 102).tolist()
    [[0, 0, 0, 1, 1, 1]]
    """
    borders = (input_ids == border).long()
    return (borders.cumsum(dim=1) > borders).long()


def _pool(hidden: Tensor, attention_mask: Tensor, pooling: Pooling) -> Tensor:
    if pooling == "cls":
        return hidden[:, 0]
    mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
    if pooling == "max":
        return (hidden + (mask - 1) * torch.finfo(torch.float16).max).amax(dim=1)
    return (hidden * mask).sum(dim=1) / mask.sum(dim=1)


def load(checkpoint: Checkpoint, *, max_tokens: int, border: int | None = None) -> Encoder:
    """In eval mode. Eager attention: the only kind that exports the same for every architecture.

    Raises TrainingFailed where the weights are not those of the architecture, or it cannot read so many tokens.
    """
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        model, loading = AutoModel.from_pretrained(
            checkpoint.folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            attn_implementation="eager",
            dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as exc:
        raise TrainingFailed(f"the encoder {checkpoint.name} cannot be loaded: {exc}") from exc
    _check_weights(checkpoint, loading["missing_keys"])
    _check_length(checkpoint, model, max_tokens)
    segments = border if getattr(model.config, "type_vocab_size", 0) > 1 else None
    return Encoder(model, vocabulary=model.config.vocab_size, pooling=checkpoint.pooling, border=segments).eval()


def _check_weights(checkpoint: Checkpoint, missing: Iterable[str]) -> None:
    """What a checkpoint lacks would be random. The pooler is not used, and many lack it."""
    lacking = sorted(name for name in missing if not name.startswith("pooler."))
    if lacking:
        kind = checkpoint.config["model_type"]
        raise TrainingFailed(
            f"the encoder {checkpoint.name} is no whole {kind}: {len(lacking)} of its weights are missing, "
            f"{lacking[0]} is the first"
        )


def _check_length(checkpoint: Checkpoint, model: torch.nn.Module, max_tokens: int) -> None:
    limit = positions(model)
    if limit is not None and max_tokens > limit:
        raise TrainingFailed(
            f"the encoder {checkpoint.name} reads at most {limit} tokens: set student.max_tokens, now {max_tokens}, to "
            f"{limit} or less"
        )


def positions(model: torch.nn.Module) -> int | None:
    """How many tokens it can read. RoBERTa and its kin count positions from the padding id on: 514 are 512."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, torch.nn.Embedding):
            unused = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - unused
    limit: int | None = getattr(model.config, "max_position_embeddings", None)
    return limit
