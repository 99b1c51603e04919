import pytest

from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message
from shadowbert.wire.messages import read_messages

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_text_and_text_parts_read_the_same() -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    read = read_messages([{"role": "developer", "content": "one\ntwo"}, {"role": "user", "content": parts}])
    assert read == ((Message("developer", "one\ntwo"), Message("user", "one\ntwo")), None)


def test_keys_that_hold_nothing_say_nothing() -> None:
    echoed = {"role": "assistant", "content": "{}", "refusal": None, "tool_calls": [], "annotations": [], "audio": None}
    assert read_messages([echoed]) == ((Message("assistant", "{}"),), None)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"role": "user", "content": [{"type": "text", "text": "see"}, IMAGE]}, Reason.IMAGE),
        ({"role": "assistant", "audio": {"id": "a"}}, Reason.AUDIO),
        ({"role": "tool", "content": "42", "tool_call_id": "call_1"}, Reason.HISTORY),
        ({"role": "function", "content": "42", "name": "f"}, Reason.HISTORY),
        ({"role": "assistant", "content": None, "tool_calls": [CALL]}, Reason.HISTORY),
        ({"role": "assistant", "tool_calls": [CALL]}, Reason.HISTORY),
        ({"role": "assistant", "content": None, "refusal": "no"}, Reason.HISTORY),
        ({"role": "user", "content": "hi", "name": "ann"}, Reason.PARAMETER),
        ({"role": "user", "content": None}, Reason.PARAMETER),
        ({"role": "user", "content": 1}, Reason.PARAMETER),
        ({"role": "oracle", "content": "hi"}, Reason.PARAMETER),
        ({"role": ["user"], "content": "hi"}, Reason.PARAMETER),
        ({"content": "hi"}, Reason.PARAMETER),
        ("hi", Reason.PARAMETER),
    ],
)
def test_what_is_more_than_text_by_role_has_its_reason(message: object, reason: Reason) -> None:
    assert read_messages([{"role": "user", "content": "hi"}, message, message]) == ((Message("user", "hi"),), reason)
