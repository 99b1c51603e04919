"""The input of every captured client's calls, found from 24 of them, is the text that the caller meant."""

import orjson
import pytest

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.template import Prompt
from shadowbert.recognition.mining import mine
from shadowbert.recognition.template import input_text, match
from shadowbert.testing.calls import texts
from shadowbert.wire.endpoints import read_request
from tests.wire.captured import REQUESTS, body

MEANT = (
    "My invoice is wrong and nobody answers.", "My invoice is wrong.", "My invoice is wrong",
    "it broke", "hello", "hey", "Label: x", "hi",
)  # fmt: skip
"""What the capturing programs asked about; the longest that a body holds."""

CONTAINING = {"lc-prompt-template.json"}
"""`<<<text>>>`: short punctuation stays with the text, and does no harm."""
TOO_SHORT = {"oai2-azure-responses.json"}
"""Asks about `x`: what would be replaced is everywhere."""
RE_ASKED = {f"instr-{mode}-{model}-2.json" for mode in ("JSON", "MD_JSON") for model in ("MLiteral", "MMulti")}
"""The client asks again, with the answer that it could not read and its complaint: no text to classify."""

SAMPLES = 24


def cases() -> list[str]:
    index = REQUESTS / "index.json"
    return [entry["file"] for entry in orjson.loads(index.read_bytes())] if index.exists() else []


def endpoint(file: str) -> Endpoint:
    paths = {entry["file"]: entry["path"] for entry in orjson.loads((REQUESTS / "index.json").read_bytes())}
    path = paths[file].partition("?")[0]
    return Endpoint.RESPONSES if path.endswith("/responses") else Endpoint.CHAT


def quoted(text: str) -> str:
    return orjson.dumps(text).decode()[1:-1]


def prompts(file: str, inputs: list[str]) -> list[Prompt]:
    """The call as captured, about other texts."""
    asked = body(file).decode()
    meant = next(text for text in MEANT if quoted(text) in asked)
    asks = [read_request(endpoint(file), asked.replace(quoted(meant), quoted(text)).encode()) for text in inputs]
    found = [ask.prompt for ask in asks if ask is not None and ask.prompt is not None]
    assert len(found) == len(inputs)
    return found


@pytest.mark.skipif(not cases(), reason="no captured requests beside this checkout")
def test_there_are_captured_requests() -> None:
    assert len(cases()) > 100


@pytest.mark.parametrize("file", cases())
def test_the_input_is_what_the_caller_meant(file: str) -> None:
    if file in TOO_SHORT:
        pytest.skip("asks about a single letter")
    inputs = list(texts(SAMPLES + 6))
    asked = prompts(file, inputs)
    skeleton = mine(asked[:SAMPLES])
    if file in RE_ASKED:
        assert skeleton is None
        return
    assert skeleton is not None
    for prompt, text in zip(asked[SAMPLES:], inputs[SAMPLES:], strict=True):
        slots = match(skeleton, prompt)
        assert slots is not None
        found = input_text(skeleton, slots)
        assert found == text or (file in CONTAINING and text in found)
