import pytest
from hypothesis import given

from shadowbert.domain.route import Reason
from shadowbert.wire.content import read_content
from tests.wire.requests import json_values

KINDS = frozenset(("text", "output_text"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("one\ntwo", "one\ntwo"),
        ([{"type": "text", "text": "one"}, {"type": "text", "text": "two"}], "one\ntwo"),
        ([{"type": "output_text", "text": "said", "annotations": [], "logprobs": None}], "said"),
        ([{"type": "text", "text": "kept", "prompt_cache_breakpoint": {"mode": "explicit"}}], "kept"),
        ([{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "x"}}], Reason.IMAGE),
        ([{"type": "input_image", "image_url": "x"}], Reason.IMAGE),
        ([{"type": "input_audio", "input_audio": {}}], Reason.AUDIO),
        ([{"type": "refusal", "refusal": "no"}], Reason.HISTORY),
        ([{"type": "file", "file": {}}], Reason.NOT_TEXT),
        ([{"type": "input_file", "file_id": "x"}], Reason.NOT_TEXT),
        ([{"type": "input_text", "text": "of another endpoint"}], Reason.NOT_TEXT),
        ([{"type": "text", "text": "a", "cache_control": {}}], Reason.NOT_TEXT),
        ([{"type": "text", "text": None}], Reason.NOT_TEXT),
        ([{"type": ["text"], "text": "a"}], Reason.NOT_TEXT),
        (["text"], Reason.NOT_TEXT),
        ([], Reason.NOT_TEXT),
        (None, Reason.PARAMETER),
        (1, Reason.PARAMETER),
        ({"type": "text", "text": "a"}, Reason.PARAMETER),
    ],
)
def test_content_is_text_or_has_its_reason(content: object, expected: str) -> None:
    read = read_content(content, KINDS)
    assert (read, type(read)) == (expected, type(expected))


@given(json_values())
def test_no_content_raises(content: object) -> None:
    assert isinstance(read_content(content, KINDS), Reason) == (not isinstance(content, str))
