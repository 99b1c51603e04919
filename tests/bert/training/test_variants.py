"""Which variant serves: what keeps the answers, and of that the fastest, on the device of serving."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.bert.serving.network import Network
from shadowbert.bert.serving.reader import Reader
from shadowbert.bert.training.checkpoint import locate
from shadowbert.bert.training.corpus import VARIANTS, Graphs, Variant, make_graphs, read_corpus
from shadowbert.bert.training.encoder import load
from shadowbert.bert.training.heads import constant
from shadowbert.bert.training.job import read_job
from shadowbert.bert.training.variants import TIE, _tolerable, choose_variant, fastest, measured
from shadowbert.errors import ArtifactInvalid
from tests.bert.conftest import MakeJob

SAYINGS = ("card pin please", "", "send the wire abroad now", "a terrible rate " * 4)


@pytest.mark.parametrize(
    ("lost", "rows", "tolerable"),
    [(0, 20, True), (1, 20, True), (2, 20, False), (1, 199, True), (2, 399, False), (2, 400, True), (5, 999, False)],
)
def test_one_row_is_chance_and_half_a_percent_is_the_rule(lost: int, rows: int, tolerable: bool) -> None:
    assert _tolerable(lost / rows, rows) is tolerable


@given(st.dictionaries(st.sampled_from(VARIANTS), st.floats(0.01, 1000), min_size=1))
def test_what_serves_is_as_good_as_fastest_and_nothing_smaller_is(ms: dict[Variant, float]) -> None:
    chosen = fastest(ms)
    assert ms[chosen] <= TIE * min(ms.values())
    smaller = VARIANTS[: VARIANTS.index(chosen)]
    assert all(ms[own] > TIE * min(ms.values()) for own in smaller if own in ms)


@pytest.fixture
def graphs(tiny_encoder: Path, tmp_path: Path) -> Graphs:
    return make_graphs(load(locate(str(tiny_encoder)), max_tokens=24), tmp_path / "graphs", device="cuda")


def test_fp16_is_half_and_says_the_same_on_a_cpu_too(graphs: Graphs, tiny_encoder: Path) -> None:
    assert graphs.fp16 is not None
    kinds = {tensor.data_type for tensor in onnx.load(graphs.fp16).graph.initializer}
    assert onnx.TensorProto.FLOAT16 in kinds
    assert onnx.TensorProto.FLOAT not in kinds
    assert graphs.fp16.stat().st_size < graphs.fp32.stat().st_size
    reader = Reader((tiny_encoder / "tokenizer.json").read_bytes(), max_tokens=24)
    half, fp32 = (Network(path.read_bytes(), reader) for path in (graphs.fp16, graphs.fp32))
    for text in SAYINGS:
        assert half(text).dtype == np.float32
        np.testing.assert_allclose(half(text), fp32(text), atol=5e-3)


def test_a_cpu_has_two_variants_and_a_gpu_three(graphs: Graphs, tiny_encoder: Path, tmp_path: Path) -> None:
    assert graphs.variants() == ("int8", "fp16", "fp32")
    plain = make_graphs(load(locate(str(tiny_encoder)), max_tokens=24), tmp_path / "plain")
    assert plain.variants() == ("int8", "fp32")


def test_the_choice_tells_what_it_was_made_by(graphs: Graphs, make_job: MakeJob, tiny_encoder: Path) -> None:
    """Constant heads: every variant keeps all answers."""
    corpus = read_corpus(read_job(make_job(60)), locate(str(tiny_encoder)))
    heads = [constant(1, 32), constant(0, 32)]
    int8 = np.zeros((int((corpus.splits == "heldout").sum()), 32), np.float32)
    chosen, told = choose_variant(graphs, corpus, heads, int8)
    assert set(told) == {f"{own}.ms" for own in VARIANTS} | {
        f"{own}_keeps_{which}" for own in ("int8", "fp16") for which in ("sure", "all")
    }
    assert chosen == fastest({own: told[f"{own}.ms"] for own in VARIANTS})
    assert all(told[f"{own}_keeps_sure"] == 1 for own in ("int8", "fp16"))
    assert all(took > 0 for took in measured(graphs, corpus, SAYINGS).values())


@pytest.mark.skipif("CUDAExecutionProvider" in ort.get_available_providers(), reason="this runtime has CUDA")
def test_a_runtime_without_cuda_says_what_to_do(graphs: Graphs, tiny_encoder: Path) -> None:
    reader = Reader((tiny_encoder / "tokenizer.json").read_bytes(), max_tokens=24)
    with pytest.raises(ArtifactInvalid, match=r"install onnxruntime-gpu .* or set student\.device"):
        Network(graphs.fp32.read_bytes(), reader, device="cuda")
