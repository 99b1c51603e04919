"""Where students answer: which of the runtime's providers that is, and whether they are here.

Refuses to know students. As a program, `python -m shadowbert.bert.serving.device WANTED`, it says in one line whether
they could answer there: for whoever may not load the runtime.
"""

import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import onnxruntime as ort

from shadowbert.errors import ArtifactInvalid

PROVIDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"cpu": ("CPUExecutionProvider",), "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider")}
)
"""What has no kernel for the GPU, int8's products among it, runs on the CPU."""


def check_device(device: str, providers: Sequence[str]) -> None:
    """Raises ArtifactInvalid where these providers do not run on it."""
    if PROVIDERS[device][0] not in providers:
        raise ArtifactInvalid(
            f"student.device is {device}, which this onnxruntime does not run on: install onnxruntime-gpu and CUDA's "
            'libraries in its place, or set student.device to "cpu"'
        )


if __name__ == "__main__":
    try:
        check_device(sys.argv[1], ort.get_available_providers())
        sys.stdout.write(f"on {sys.argv[1]}\n")
    except ArtifactInvalid as failure:
        sys.exit(str(failure))
