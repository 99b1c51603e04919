"""What the student's encoder and heads say, as a checkpoint for AutoModelForSequenceClassification.

    python sequence_classification.py NEW-FOLDER

Words and neighbours have no place in such a model: the model card says which share they have in this student. The rest
is exact to a thousandth, or is not written at all. Such a model reads one token through a layer of its own, the student
the mean of all tokens, at unit length. So one layer is added: its attention looks at all tokens alike, so each becomes
their mean, and its LayerNorm makes that a unit vector. LayerNorm takes one dimension away, the sum of all; the last
LayerNorm of an encoder leaves one that is always 0, and a reflection lets the two be the same. ModernBERT reads the
mean already and has a LayerNorm behind it: there the reflection alone will do.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from modeling import StudentModel  # type: ignore[import-not-found]
from torch import Tensor
from torch.nn import LayerNorm, Linear
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel, PreTrainedTokenizerFast

TOLERANCE = 1e-3
LOUD = 1e6  # beside it the token itself, which a layer adds to what it found, counts for nothing
FAINT = 1e-2  # of so small numbers tanh is the identity
DEPTHS = {
    "bert": "num_hidden_layers",
    "roberta": "num_hidden_layers",
    "xlm-roberta": "num_hidden_layers",
    "distilbert": "n_layers",
    "modernbert": "",
}
"""What the configuration calls the number of layers, where one is added."""


def sequence_classifier(student: StudentModel) -> PreTrainedModel:
    """Raises ValueError with the reason where the student cannot be said so."""
    kind, fields = student.encoder.config.model_type, student.folder.fields
    if len(fields) != 1 or kind not in DEPTHS or student.folder.manifest["pooling"] != "mean":
        raise ValueError(f"only for one field, mean pooling and {', '.join(DEPTHS)}; see modeling.py for all others")
    model = _larger(student, kind)
    head = student.head(0, student.sizes()[0]) / student.folder.manifest["temperatures"][0]
    with torch.no_grad():
        _WRITERS[kind](model, _reflection(_last_norm(student.encoder)), head[:, :-1], head[:, -1])
    if (gap := difference(student, model.eval(), head)) > TOLERANCE:
        raise ValueError(f"this encoder cannot be said so: the best is off by {gap:.2g}; see modeling.py")
    return model


def difference(student: StudentModel, model: PreTrainedModel, head: Tensor) -> float:
    """The largest between two logits on the manifest's sentences; of labels that were in some example."""
    worst = 0.0
    for golden in student.folder.manifest["golden"]:
        ids = torch.tensor([student.folder.tokens(golden["text"], judged=False)])
        with torch.no_grad():
            expected = head[:, :-1] @ student.embed(ids) + head[:, -1]
            found = model(input_ids=ids, **student.segments(ids)).logits[0]
        seen = head[:, :-1].any(dim=1)
        worst = max([worst, *(expected - found)[seen].abs().tolist()])
    return worst


def _larger(student: StudentModel, kind: str) -> PreTrainedModel:
    """The architecture with a layer more, its encoder's weights in place."""
    labels = [str(label) for label in student.folder.labels(student.folder.fields[0])]
    config = AutoConfig.from_pretrained(student.folder.path, local_files_only=True)
    config.id2label, config.label2id = dict(enumerate(labels)), {label: n for n, label in enumerate(labels)}
    if DEPTHS[kind]:
        setattr(config, DEPTHS[kind], getattr(config, DEPTHS[kind]) + 1)
    else:
        config.update({"classifier_pooling": "mean", "classifier_activation": "linear", "classifier_bias": False})
    model = AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)
    model.base_model.load_state_dict(student.part("encoder."), strict=False)
    return model


def _last_norm(encoder: torch.nn.Module) -> LayerNorm:
    norms = [module for name, module in encoder.named_modules() if isinstance(module, LayerNorm)]
    last: LayerNorm = getattr(encoder, "final_norm", norms[-1])
    return last


def _reflection(norm: LayerNorm) -> Tensor:
    """Householder's, of the direction that the last LayerNorm never leaves zero in onto that of the sum."""
    usual = 1 / norm.weight.double()
    usual, even = usual / usual.norm(), torch.full_like(usual, len(usual) ** -0.5)
    normal = usual - even if (usual - even).norm() > (usual + even).norm() else usual + even
    turn: Tensor = torch.eye(len(usual)) - (2 * torch.outer(normal, normal) / normal.dot(normal)).float()
    return turn


def _write_bert(model: PreTrainedModel, turn: Tensor, weight: Tensor, bias: Tensor) -> None:
    layer = model.base_model.encoder.layer[-1]
    heed, found = layer.attention.self, layer.attention.output
    _write_layer((heed.query, heed.key, heed.value, found.dense), (layer.intermediate.dense, layer.output.dense), turn)
    _plain(found.LayerNorm, layer.output.LayerNorm)
    first, last = _bert_head(model)
    _set(first, torch.eye(len(turn)) * FAINT / len(turn) ** 0.5)
    _set(last, weight @ turn / FAINT, bias)


def _bert_head(model: PreTrainedModel) -> tuple[Linear, Linear]:
    if hasattr(model.classifier, "out_proj"):  # RoBERTa
        return model.classifier.dense, model.classifier.out_proj
    return model.base_model.pooler.dense, model.classifier


def _write_distilbert(model: PreTrainedModel, turn: Tensor, weight: Tensor, bias: Tensor) -> None:
    layer = model.base_model.transformer.layer[-1]
    heed = layer.attention
    _write_layer((heed.q_lin, heed.k_lin, heed.v_lin, heed.out_lin), (layer.ffn.lin1, layer.ffn.lin2), turn)
    _plain(layer.sa_layer_norm, layer.output_layer_norm)
    _set(
        model.pre_classifier, torch.eye(len(turn)) / len(turn) ** 0.5, torch.ones(len(turn))
    )  # above 0: ReLU's identity
    _set(model.classifier, weight @ turn, bias - (weight @ turn).sum(dim=1))


def _write_modernbert(model: PreTrainedModel, turn: Tensor, weight: Tensor, bias: Tensor) -> None:
    _plain(model.head.norm)
    _set(model.head.dense, turn)
    _set(model.classifier, weight @ turn / len(turn) ** 0.5, bias)


def _write_layer(attention: tuple[Linear, ...], forward: tuple[Linear, ...], turn: Tensor) -> None:
    """Query and key are nothing, so all tokens weigh the same; what follows the attention adds nothing."""
    query, key, value, out = attention
    for silent in (query, key, *forward):
        _set(silent, torch.zeros_like(silent.weight))
    _set(value, torch.eye(len(turn)))
    _set(out, LOUD * turn)


def _set(layer: Linear, weight: Tensor, bias: Tensor | None = None) -> None:
    layer.weight.copy_(weight)
    if layer.bias is not None:
        layer.bias.copy_(torch.zeros_like(layer.bias) if bias is None else bias)


def _plain(*norms: LayerNorm) -> None:
    for norm in norms:
        norm.reset_parameters()


_WRITERS: dict[str, Callable[[PreTrainedModel, Tensor, Tensor, Tensor], None]] = {
    "bert": _write_bert,
    "roberta": _write_bert,
    "xlm-roberta": _write_bert,
    "distilbert": _write_distilbert,
    "modernbert": _write_modernbert,
}


def _tokenizer(student: StudentModel) -> PreTrainedTokenizerFast:
    """With a token to pad with, whichever the encoder knows it by."""
    own, config = student.folder.tokenizer, student.encoder.config
    pad = own.id_to_token(config.pad_token_id or 0)
    return PreTrainedTokenizerFast(tokenizer_object=own, pad_token=pad, model_max_length=student.folder.max_tokens)


if __name__ == "__main__":
    taken, to = StudentModel(Path(__file__).parent), Path(sys.argv[1])
    try:
        made = sequence_classifier(taken)
    except ValueError as refusal:
        sys.exit(str(refusal))
    made.save_pretrained(to)
    _tokenizer(taken).save_pretrained(to)
