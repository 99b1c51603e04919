"""A local answer must be one the teacher could have given to this very request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.template import Message
from shadowbert.flow.local import prompt_tokens, tokens
from shadowbert.testing.factories import version
from tests.flow.answering import Scene, chat


@given(st.text(max_size=200))
def test_nothing_is_free_and_estimates_grow_with_the_text(text: str) -> None:
    assert tokens(text) >= 1
    assert tokens(text + "    ") == tokens(text) + (1 if text else 0)


def test_a_prompt_costs_its_messages() -> None:
    assert prompt_tokens((Message("user", "12345678"), Message("user", ""))) == (2 + 4) + (1 + 4)


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "student"),
        ({"max_tokens": 8}, "student"),
        ({"max_tokens": 7}, "llm:max_tokens"),
        ({"max_completion_tokens": 1}, "llm:max_tokens"),
        ({"stop": "rd"}, "llm:stop"),
        ({"stop": ["\n", "x"]}, "student"),
        ({"stop": ""}, "student"),
    ],
)
async def test_limits_and_stop_strings_are_held_against_the_answer(changes: dict[str, object], label: str) -> None:
    """The answer is 16 bytes long and would take the teacher some five tokens."""
    scene = Scene()
    scene.stages.show(version())
    await scene.call(chat(**changes))
    assert scene.row.route.label == label


async def test_a_streamed_answer_declares_no_length() -> None:
    scene = Scene()
    scene.stages.show(version())
    client = await scene.call(chat(stream=True))
    assert client.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert client.headers[b"cache-control"] == b"no-cache"
    assert b"content-length" not in client.headers
    assert client.pieces[-1] == b"data: [DONE]\n\n"
    assert set(client.rows_before) == {1}
