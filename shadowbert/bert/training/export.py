"""From torch to ONNX: the encoder in fp32, in dynamic int8, in fp16 for GPUs, and with heads on top.

Refuses to know which variant is better. Heads stay in fp32: they are a thousandth of the work and all of the decision.
"""

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import helper, numpy_helper
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.transformers.float16 import convert_float_to_float16

from shadowbert.bert.serving.network import IDS, MASK, OUTPUT
from shadowbert.bert.training.encoder import Encoder
from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.heads import Floats32
from shadowbert.bert.training.lexical_graph import attach_ngrams
from shadowbert.bert.training.neighbours_graph import attach_neighbours
from shadowbert.errors import TrainingFailed

OPSET = 17
TOLERANCE = 1e-3
_EMBEDDING, _DENSE = "embedding", "dense"
_DOMAINS = frozenset({"", "ai.onnx", "com.microsoft"})
"""Operators that every ONNX Runtime has; others would load code."""


def export_encoder(encoder: Encoder, path: Path) -> None:
    """The fp32 graph, any number of rows and tokens. TorchScript path: no further dependency, under a second."""
    encoder.eval()
    ids = torch.ones(2, 9, dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecation and tracer notes; what counts is checked in `check_export`
        torch.onnx.export(
            encoder,
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=[IDS, MASK],
            output_names=[OUTPUT],
            dynamic_axes={IDS: {0: "rows", 1: "tokens"}, MASK: {0: "rows", 1: "tokens"}, OUTPUT: {0: "rows"}},
            opset_version=OPSET,
            dynamo=False,
        )


def quantise(source: Path, target: Path) -> None:
    """Dynamic int8, one scale an output channel: cosine .994 to fp32's embeddings, against .968 with one a tensor."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # it advises a pre-processing step that finds nothing to do here
    try:
        quantize_dynamic(source, target, per_channel=True)
    finally:
        logger.setLevel(level)


def halve(source: Path, target: Path) -> None:
    """fp16 inside, fp32 at its borders: of an optimised graph, whose fused operators GPUs have in fp16 as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mask's least float becomes the least half: as good as minus infinity
        model = convert_float_to_float16(onnx.load(source, load_external_data=False), keep_io_types=True)
    onnx.save(model, target)


def optimise(source: Path, target: Path) -> None:
    """Do once what every load would do again, under the loader's interpreter lock. Portable fusions only."""
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def attach_experts(source: Path, target: Path, experts: Experts) -> None:
    """Let the graph's output become the logits of all fields: what the heads say, and the other experts beside them."""
    model = onnx.load(source, load_external_data=False)
    graph = model.graph
    for node in graph.node:
        node.output[:] = [_EMBEDDING if name == OUTPUT else name for name in node.output]
        node.input[:] = [_EMBEDDING if name == OUTPUT else name for name in node.input]
    said = [_attach_heads(graph, experts)]
    if experts.words is not None:
        said.append(attach_ngrams(graph, experts.words))
    if experts.neighbours is not None:
        said.append(attach_neighbours(graph, _EMBEDDING, experts.neighbours, experts.per_output()))
    graph.node.append(helper.make_node("Sum", said, [OUTPUT]))
    del graph.output[:]
    outputs = sum(experts.sizes)
    graph.output.append(helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, ["rows", outputs]))
    if strange := {node.domain for node in graph.node} - _DOMAINS:
        raise TrainingFailed(f"the exported graph needs operators of {min(strange)}")
    _import(model, "com.microsoft")
    onnx.save(model, target)


def _attach_heads(graph: onnx.GraphProto, experts: Experts) -> str:
    weight, bias = experts.layer()
    graph.initializer.extend(
        [numpy_helper.from_array(weight, "heads.weight"), numpy_helper.from_array(bias, "heads.bias")]
    )
    graph.node.append(
        helper.make_node("Gemm", [_EMBEDDING, "heads.weight", "heads.bias"], [_DENSE], name="heads", transB=1)
    )
    return _DENSE


def _import(model: onnx.ModelProto, domain: str) -> None:
    if domain not in {known.domain for known in model.opset_import}:
        model.opset_import.append(helper.make_opsetid(domain, 1))


def check_export(encoder: Encoder, path: Path, weight: Floats32, *, max_tokens: int) -> float:
    """The largest difference of a logit between torch and the fp32 graph on several shapes, padded rows included.

    Raises TrainingFailed over 1e-3.
    """
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    worst = 0.0
    for rows, tokens, padded in ((1, 5, 0), (1, max_tokens, 0), (2, 12, 4), (3, 33, 20)):
        ids = torch.randint(0, encoder.vocabulary, (rows, tokens), generator=generator)
        mask = torch.ones_like(ids)
        mask[-1, tokens - padded :] = 0
        with torch.no_grad():
            expected = encoder(ids, mask).numpy()
        (actual,) = session.run([OUTPUT], {IDS: ids.numpy(), MASK: mask.numpy()})
        worst = max(worst, float(np.abs((expected - actual) @ weight.T).max()))
    if not worst <= TOLERANCE:
        raise TrainingFailed(f"the exported graph differs from torch by {worst:.2g}, allowed are {TOLERANCE:g}")
    return worst
