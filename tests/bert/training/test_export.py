"""What is exported computes what torch computes, in every variant. For each architecture: `test_architectures`."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from shadowbert.bert.serving.network import Network
from shadowbert.bert.serving.reader import Reader
from shadowbert.bert.training.checkpoint import locate
from shadowbert.bert.training.corpus import make_graphs
from shadowbert.bert.training.encoder import load
from shadowbert.bert.training.experts import Experts
from shadowbert.bert.training.export import attach_experts, check_export, export_encoder
from shadowbert.bert.training.heads import Head, constant
from shadowbert.errors import TrainingFailed


def test_another_encoder_is_noticed(tiny_encoder: Path, tmp_path: Path) -> None:
    encoder = load(locate(str(tiny_encoder)), max_tokens=24)
    export_encoder(encoder, tmp_path / "model.onnx")
    with torch.no_grad():
        next(encoder.parameters()).add_(torch.randn(()))
        next(encoder.parameters()).mul_(-1)
    with pytest.raises(TrainingFailed, match="differs from torch"):
        check_export(encoder, tmp_path / "model.onnx", np.eye(32, dtype=np.float32), max_tokens=24)


@pytest.mark.parametrize("variant", ["int8", "fp32"])
def test_heads_on_a_graph_are_heads_on_its_embedding(variant: str, tiny_encoder: Path, tmp_path: Path) -> None:
    graphs = make_graphs(load(locate(str(tiny_encoder)), max_tokens=24), tmp_path / "graphs")
    path = graphs.int8 if variant == "int8" else graphs.fp32
    random = np.random.default_rng(0)
    weight, bias = random.normal(size=(5, 32)).astype(np.float32), random.normal(size=5).astype(np.float32)
    attach_experts(path, tmp_path / "student.onnx", Experts((Head((0, 1, 2, 3, 4), weight, bias),), (5,)))
    reader = Reader((tiny_encoder / "tokenizer.json").read_bytes(), max_tokens=24)
    bare = Network(path.read_bytes(), reader)
    whole = Network((tmp_path / "student.onnx").read_bytes(), reader)
    for text in ("card", "send the wire abroad please", ""):
        assert np.linalg.norm(bare(text)) == pytest.approx(1, abs=1e-5)
        np.testing.assert_allclose(whole(text), bare(text) @ weight.T + bias, atol=1e-4)


def test_int8_is_smaller_and_close(tiny_encoder: Path, tmp_path: Path) -> None:
    graphs = make_graphs(load(locate(str(tiny_encoder)), max_tokens=24), tmp_path / "graphs")
    operators = {node.op_type for node in onnx.load(graphs.int8).graph.node}
    assert operators & {"DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat"}
    reader = Reader((tiny_encoder / "tokenizer.json").read_bytes(), max_tokens=24)
    int8, fp32 = (Network(path.read_bytes(), reader) for path in (graphs.int8, graphs.fp32))
    assert float(int8("card pin please") @ fp32("card pin please")) > 0.99


def test_operators_that_need_code_are_not_published(tiny_encoder: Path, tmp_path: Path) -> None:
    export_encoder(load(locate(str(tiny_encoder)), max_tokens=24), tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    model.graph.node[0].domain = "evil.custom"
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(TrainingFailed, match=r"evil\.custom"):
        attach_experts(tmp_path / "model.onnx", tmp_path / "x.onnx", Experts((constant(0, 32),), (2,)))
