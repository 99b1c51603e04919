"""Request bodies captured from real client libraries; they lie beside the repository, not in it."""

from pathlib import Path

import orjson
import pytest

REQUESTS = Path(__file__).parents[2] / "../shared/requests"


def entries() -> list[dict[str, object]]:
    """The index of captured chat requests; skips the test where there are none."""
    index = REQUESTS / "index.json"
    if not index.exists():
        pytest.skip("no captured requests beside this checkout")
    return [entry for entry in orjson.loads(index.read_bytes()) if "chat/completions" in entry["path"]]


def body(file: str) -> bytes:
    path = REQUESTS / file
    if not path.exists():
        pytest.skip("no captured requests beside this checkout")
    return orjson.dumps(orjson.loads(path.read_bytes())["body"])
