import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadowbert.domain.exchange import Endpoint
from shadowbert.domain.route import Reason
from shadowbert.domain.template import Message
from shadowbert.wire.endpoints import read_request
from tests.wire.requests import json_values


def test_a_prompt_is_read_and_never_answered() -> None:
    body = {"model": "davinci-002", "prompt": "Win a prize\nSpam?", "max_tokens": 1, "logprobs": 5, "stream": True}
    request = read_request(Endpoint.COMPLETIONS, orjson.dumps(body))
    assert request is not None
    assert request.prompt == (Message("user", "Win a prize\nSpam?"),)
    assert (request.output, request.obstacle) == (None, Reason.LEGACY_ENDPOINT)
    assert (request.model, request.max_tokens, request.stream) == ("davinci-002", 1, True)


@pytest.mark.parametrize("prompt", [["a", "b"], [1, 2], [[1], [2]], None, 1])
def test_prompts_that_are_no_text_leave_none(prompt: object) -> None:
    request = read_request(Endpoint.COMPLETIONS, orjson.dumps({"model": "m", "prompt": prompt}))
    assert request is not None
    assert (request.prompt, request.output, request.obstacle) == (None, None, Reason.NOT_TEXT)


@given(st.binary() | st.dictionaries(st.sampled_from(["prompt", "model", "stop"]), json_values()).map(orjson.dumps))
def test_no_body_raises(data: bytes) -> None:
    request = read_request(Endpoint.COMPLETIONS, data)
    assert request is None or request.obstacle in (Reason.LEGACY_ENDPOINT, Reason.NOT_TEXT)
