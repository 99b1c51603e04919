"""Request bodies captured from real client libraries; they lie beside the repository, not in it."""

from pathlib import Path

import orjson
import pytest

REQUESTS = Path(__file__).parents[2] / "../shared/requests"


def index() -> list[dict[str, str]]:
    """Of all captured requests; skips the test where there are none."""
    path = REQUESTS / "index.json"
    if not path.exists():
        pytest.skip("no captured requests beside this checkout")
    entries: list[dict[str, str]] = orjson.loads(path.read_bytes())
    return entries


def entries() -> list[dict[str, str]]:
    """The index of captured chat requests."""
    return [entry for entry in index() if "chat/completions" in entry["path"]]


def body(file: str) -> bytes:
    path = REQUESTS / file
    if not path.exists():
        pytest.skip("no captured requests beside this checkout")
    return orjson.dumps(orjson.loads(path.read_bytes())["body"])
