"""An import costs little and does nothing: no training package, no file, no socket, no process."""

import json
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import ROOT, modules

TRAINING = "shadowbert.bert.training"
EXPORTED = "shadowbert.bert.loaders."
"""No part of the program: files that are exported beside a student."""


def imported(*names: str) -> dict[str, list[str]]:
    """What a fresh interpreter saw while it imported these."""
    argv = [sys.executable, "-m", "tests.architecture.cold_import", *names]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_serves_needs_no_training_package_and_touches_nothing() -> None:
    names = [
        m.name for m in modules() if not m.name.startswith((TRAINING, EXPORTED)) and not m.name.endswith("__main__")
    ]
    assert {"shadowbert.web.app", "shadowbert.supervisor"} <= set(names)
    assert imported(*names) == {"heavy": [], "acts": []}


def test_a_module_that_does_something_is_seen(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("x")
    careless = tmp_path / "careless.py"
    careless.write_text(
        f"import socket, onnx\nopen({str(tmp_path / 'data.txt')!r}).close()\nsocket.socket().bind(('', 0))\n"
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom tests.architecture import cold_import as c\n"
    code += "sys.stdout.write(repr(c.watched(['careless'])) + repr([n for n in c.HEAVY if n in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert "data.txt" in done.stdout
    assert "socket.bind" in done.stdout
    assert "['onnx']" in done.stdout
