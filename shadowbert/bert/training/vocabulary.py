"""A checkpoint's tokenizer as its students serve it: what callers write is text, never one of its special tokens.

Refuses to know texts and budgets. `Reader` has the tokenizer take special tokens in a text for plain characters. For
Unigram that is not enough: its special tokens are pieces like any other, with the best of scores, so they lose theirs.
"""

import json
from typing import Any

from tokenizers import Tokenizer

from shadowbert.bert.serving.artifact import TOKENIZER
from shadowbert.bert.training.checkpoint import Checkpoint
from shadowbert.bert.training.ngrams import special_tokens
from shadowbert.errors import TrainingFailed

NEVER = -1e5
"""Far below the log probability of any other way to write the same characters."""


def student_tokenizer(checkpoint: Checkpoint) -> bytes:
    """Raises TrainingFailed where the tokenizer cannot be opened, or does not belong to the weights, or lets a text
    hold special tokens all the same.
    """
    try:
        description = json.loads((checkpoint.folder / TOKENIZER).read_bytes())
        unknown = _unknown(description["model"])
        _disarm(description)
        content = json.dumps(description, ensure_ascii=False).encode()
        tokenizer = Tokenizer.from_buffer(content)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as exc:
        raise TrainingFailed(f"the encoder {checkpoint.name} has a {TOKENIZER} that cannot be opened: {exc}") from exc
    _check_size(checkpoint, tokenizer)
    _check_plain(checkpoint, tokenizer, unknown)
    return content


def _unknown(model: dict[str, Any]) -> str | None:
    """The token for what has none: a text holds it by right."""
    if model.get("unk_id") is not None:
        return str(model["vocab"][model["unk_id"]][0])
    return model.get("unk_token")


def _disarm(description: dict[str, Any]) -> None:
    """No padding and no cut either: both are the reader's."""
    description["padding"] = description["truncation"] = None
    model = description["model"]
    if isinstance(model["vocab"], list):  # pieces with scores: Unigram
        special = {token["content"] for token in description.get("added_tokens", ()) if token["special"]}
        model["vocab"] = [[piece, NEVER if piece in special else score] for piece, score in model["vocab"]]


def _check_size(checkpoint: Checkpoint, tokenizer: Tokenizer) -> None:
    embedded, known = checkpoint.config.get("vocab_size"), 1 + max(tokenizer.get_vocab().values())
    if embedded is not None and known > embedded:
        raise TrainingFailed(
            f"the encoder {checkpoint.name} has a {TOKENIZER} of {known} tokens, but only {embedded} embeddings"
        )


def _check_plain(checkpoint: Checkpoint, tokenizer: Tokenizer, unknown: str | None) -> None:
    tokenizer.encode_special_tokens = True
    for token in special_tokens(tokenizer):
        content = tokenizer.id_to_token(token)
        for text in (content, f"a {content} b", f"a{content}b"):
            if content != unknown and token in tokenizer.encode(text, add_special_tokens=False).ids:
                raise TrainingFailed(
                    f"the encoder {checkpoint.name} has a tokenizer that takes {content} in a text for its special "
                    "token: callers could forge the border between two texts"
                )
