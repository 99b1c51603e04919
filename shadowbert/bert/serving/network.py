"""A reader and an ONNX graph: text in, one row of numbers out, one text at a time.

Refuses to know what the numbers mean. Training computes its features with the same class, so that what is trained on
is, to the bit, what serves. One at a time because dynamic int8 scales its activations over the whole batch: a
neighbour in the batch would change the answer.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from shadowbert.bert.serving.device import PROVIDERS, check_device
from shadowbert.bert.serving.reader import Reader
from shadowbert.errors import ArtifactInvalid, StudentError

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

    def __init__(self, model: bytes, reader: Reader, *, threads: int = 1, device: str = "cpu") -> None:
        """Raises ArtifactInvalid where the graph cannot be loaded, or not on this device."""
        self.reader = reader
        check_device(device, ort.get_available_providers())
        self._mask = np.ones((1, reader.max_tokens), dtype=np.int64)
        try:
            self._session = ort.InferenceSession(model, _options(threads), providers=[*PROVIDERS[device]])
        except _LOAD_ERRORS as exc:
            raise ArtifactInvalid(f"the ONNX graph cannot be loaded: {exc}") from exc
        check_device(device, self._session.get_providers())  # it falls back where a library of CUDA's is missing

    def __call__(self, text: str) -> Row:
        """The graph's output for one text; of a long one it sees head and tail."""
        return self.run(self.reader(text))

    def whole(self, text: str) -> Row:
        """The same for a text that is read from end to end; raises InputTooLong."""
        return self.run(self.reader.whole(text))

    def run(self, tokens: Sequence[int]) -> Row:
        ids = np.array([tokens], dtype=np.int64)
        try:
            return self._session.run([OUTPUT], {IDS: ids, MASK: self._mask[:, : ids.shape[1]]})[0][0]  # type: ignore[no-any-return]
        except _RUN_ERRORS as exc:
            raise StudentError(f"the ONNX graph failed: {exc}") from exc


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
