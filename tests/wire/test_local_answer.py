import re

from hypothesis import given
from hypothesis import strategies as st

from shadowbert.wire.local_answer import TokenLogprob, derived_id, token_logprobs


@given(st.text(max_size=40), st.text(max_size=40))
def test_ids_follow_from_the_answer(one: str, two: str) -> None:
    assert derived_id("call_", 24, one) == derived_id("call_", 24, one)
    assert (derived_id("call_", 24, one) == derived_id("call_", 24, two)) == (one == two)
    assert derived_id("call_", 24, one)[5:] not in derived_id("chatcmpl-", 29, one)
    assert re.fullmatch("call_[0-9A-Za-z]{24}", derived_id("call_", 24, one))


def test_a_token_is_written_with_its_bytes_and_its_alternatives() -> None:
    (written,) = token_logprobs([TokenLogprob("é", -0.5, (("é", -0.5), ("a", -1.0)))])
    assert written == {
        "token": "é",
        "logprob": -0.5,
        "bytes": [195, 169],
        "top_logprobs": [
            {"token": "é", "logprob": -0.5, "bytes": [195, 169]},
            {"token": "a", "logprob": -1.0, "bytes": [97]},
        ],
    }


@given(st.lists(st.text()))
def test_bytes_are_those_of_the_token(tokens: list[str]) -> None:
    written = token_logprobs([TokenLogprob(token, 0.0, ()) for token in tokens])
    assert [bytes(each["bytes"]).decode() for each in written] == tokens
