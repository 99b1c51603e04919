"""Tiny checkpoints with random weights, laid out as the real ones of each architecture are: no hub, no download."""

import json
import string
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoModel,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    ModernBertConfig,
    MPNetConfig,
    PreTrainedConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

NARROW = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "initializer_range": 0.2,
}
"""Of so wide a spread that attention is sharp: an export that got it wrong would show."""
BERTS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
DEBERTAS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
ROBERTAS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
ARCHITECTURES = ("bert", "distilbert", "roberta", "deberta-v2", "modernbert", "mpnet", "xlm-roberta")


def make_checkpoint(folder: Path, kind: str, texts: Iterable[str], **changes: object) -> Path:
    """Configuration, model.safetensors and tokenizer.json, nothing else."""
    tokenizer = make_tokenizer(kind, texts)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    AutoModel.from_config(config(kind, tokenizer.get_vocab_size(), **changes)).save_pretrained(folder)
    return folder


def make_tokenizer(kind: str, texts: Iterable[str]) -> Tokenizer:
    return _TOKENIZERS[kind](list(texts))


def make_sentence_transformer(folder: Path, texts: Iterable[str], pooling: dict[str, object]) -> Path:
    """A BERT as sentence-transformers saves it."""
    make_checkpoint(folder, "bert", texts)
    kinds = {"": "Transformer", "1_Pooling": "Pooling", "2_Normalize": "Normalize"}
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for n, (path, kind) in enumerate(kinds.items())
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 32, **pooling}))
    return folder


def config(kind: str, vocabulary: int, **changes: object) -> PreTrainedConfig:
    """64 tokens are the most that any of them reads, but for ModernBERT, which has no such limit of its own."""
    size = {"vocab_size": vocabulary}
    if kind == "bert":
        return BertConfig(**{**size, **NARROW, "max_position_embeddings": 64, **changes})
    if kind == "distilbert":
        return DistilBertConfig(
            **{
                **size,
                "dim": 32,
                "n_layers": 2,
                "n_heads": 2,
                "hidden_dim": 64,
                "initializer_range": 0.2,
                "max_position_embeddings": 64,
                **changes,
            }
        )
    if kind == "modernbert":
        ids = {"pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
        return ModernBertConfig(
            **{**size, **NARROW, **ids, "local_attention": 8, "max_position_embeddings": 64, **changes}
        )
    if kind == "deberta-v2":
        return DebertaV2Config(
            **{**size, **NARROW, "max_position_embeddings": 64, "relative_attention": True, "position_buckets": 8}
            | {"norm_rel_ebd": "layer_norm", "share_att_key": True, "pos_att_type": ["p2c", "c2p"]}
            | {"position_biased_input": False, "type_vocab_size": 0, **changes}
        )
    made = {"roberta": RobertaConfig, "xlm-roberta": XLMRobertaConfig, "mpnet": MPNetConfig}[kind]
    return made(**{**size, **NARROW, "pad_token_id": 1, "max_position_embeddings": 66, "type_vocab_size": 1, **changes})


def _wordpiece(texts: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=300, special_tokens=BERTS))
    tokenizer.post_processor = _framed("[CLS]", "[SEP]", tokenizer)
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def _byte_level(special: list[str]) -> Callable[[list[str]], Tokenizer]:
    def make(texts: list[str]) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        named = [AddedToken(token, lstrip="mask" in token.lower(), special=True) for token in special]
        trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=named, initial_alphabet=alphabet)
        tokenizer.train_from_iterator(texts, trainer)
        if special is ROBERTAS:
            tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
        else:
            tokenizer.post_processor = _framed("[CLS]", "[SEP]", tokenizer)
        tokenizer.decoder = decoders.ByteLevel()
        return tokenizer

    return make


def _unigram(special: list[str]) -> Callable[[list[str]], Tokenizer]:
    """As converted from sentencepiece: the special tokens are pieces of the model, too, with the best of scores."""

    def make(texts: list[str]) -> Tokenizer:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = normalizers.NFKC()
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        unknown = next(token for token in special if "unk" in token.lower())
        trainer = trainers.UnigramTrainer(
            vocab_size=200, special_tokens=special, unk_token=unknown, initial_alphabet=list(string.printable.strip())
        )
        tokenizer.train_from_iterator(texts, trainer)
        frame = ("<s>", "</s>") if special is ROBERTAS else ("[CLS]", "[SEP]")
        tokenizer.post_processor = _framed(*frame, tokenizer)
        tokenizer.decoder = decoders.Metaspace()
        return tokenizer

    return make


def _framed(first: str, last: str, tokenizer: Tokenizer) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A {last} $B:1 {last}:1",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in (first, last)],
    )


_TOKENIZERS: dict[str, Callable[[list[str]], Tokenizer]] = {
    "bert": _wordpiece,
    "distilbert": _wordpiece,
    "mpnet": _byte_level(ROBERTAS),
    "roberta": _byte_level(ROBERTAS),
    "modernbert": _byte_level(BERTS),
    "deberta-v2": _unigram(DEBERTAS),
    "xlm-roberta": _unigram(ROBERTAS),
}
