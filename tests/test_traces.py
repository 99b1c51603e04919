"""That a trace would be found: a search that finds nothing anywhere proves nothing."""

import hashlib
from base64 import b64encode

import pytest

from tests.traces import traces

SECRET = "sk-secret"


@pytest.mark.parametrize(
    "written",
    [
        b"Bearer sk-secret",
        hashlib.sha256(SECRET.encode()).hexdigest()[:16].encode(),
        hashlib.sha256(f"Bearer {SECRET}".encode()).digest(),
        hashlib.md5(SECRET.encode()).hexdigest().encode(),
        b64encode(SECRET.encode()),
    ],
    ids=["itself", "a digest cut", "a raw digest", "another digest", "base64"],
)
def test_it_is_found_in_the_middle_of_anything(written: bytes) -> None:
    assert traces(SECRET, b"\x00 some " + written + b" more") != []
    assert traces("sk-other", b"\x00 some " + written + b" more") == []
