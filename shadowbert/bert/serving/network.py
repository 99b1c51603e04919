"""A tokenizer and an ONNX graph: text in, one row of numbers out, one text at a time.

Refuses to know what the numbers mean. Training computes its features with the same class, so that what is trained on
is, to the bit, what serves. One at a time because dynamic int8 scales its activations over the whole batch: a
neighbour in the batch would change the answer.
"""

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
from tokenizers import Encoding, Tokenizer

from shadowbert.errors import ArtifactInvalid, InputTooLong, StudentError

IDS, MASK, OUTPUT = "input_ids", "attention_mask", "output"
Row = npt.NDArray[np.float32]

_LOAD_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)
_RUN_ERRORS = (ort_errors.Fail, ort_errors.InvalidArgument, ort_errors.RuntimeException)


class Network:
    """Not thread-safe by promise: one thread at a time."""

    def __init__(self, model: bytes, tokenizer: bytes, *, max_tokens: int, threads: int = 1) -> None:
        self._tokenizer = _tokenizer(tokenizer, max_tokens)
        self._mask = np.ones((1, max_tokens), dtype=np.int64)
        try:
            self._session = ort.InferenceSession(model, _options(threads), providers=["CPUExecutionProvider"])
        except _LOAD_ERRORS as exc:
            raise ArtifactInvalid(f"the ONNX graph cannot be loaded: {exc}") from exc

    def __call__(self, text: str) -> Row:
        """The graph's output for one text, cut at max_tokens."""
        return self.run(self._encode(text))

    def whole(self, text: str) -> Row:
        """The same for a text that is not cut; raises InputTooLong."""
        encoding = self._encode(text)
        if encoding.overflowing:
            raise InputTooLong
        return self.run(encoding)

    def run(self, encoding: Encoding) -> Row:
        ids = np.array([encoding.ids], dtype=np.int64)
        try:
            return self._session.run([OUTPUT], {IDS: ids, MASK: self._mask[:, : ids.shape[1]]})[0][0]  # type: ignore[no-any-return]
        except _RUN_ERRORS as exc:
            raise StudentError(f"the ONNX graph failed: {exc}") from exc

    def tokens(self, text: str) -> int:
        """How many tokens the text has, special ones included; what stands over max_tokens is counted piecewise."""
        encoding = self._encode(text)
        return len(encoding.ids) + sum(len(rest.ids) for rest in encoding.overflowing)

    def _encode(self, text: str) -> Encoding:
        return self._tokenizer.encode(text)


def _tokenizer(content: bytes, max_tokens: int) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except ValueError as exc:
        raise ArtifactInvalid(f"the tokenizer cannot be loaded: {exc}") from exc
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _options(threads: int) -> ort.SessionOptions:
    """Quiet neighbours: no spinning threads, no arena that only grows, no optimisation (done once, at publishing)."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4  # failures reach us as exceptions
    return options
