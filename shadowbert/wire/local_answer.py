"""A student's answer with what its envelope needs, whatever the endpoint; decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from string import ascii_letters, digits

OUR_RESPONSES = "resp_shadowbert_"
"""How the ids begin of responses that upstream has never seen. OpenAI's are hexadecimal after `resp_`."""

_ALNUM = ((digits + ascii_letters) * 5)[:256].encode("ascii")
"""A letter for every byte."""


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """One token of the answer with its natural log probability, finite and at most 0, and its alternatives likewise."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class LocalAnswer:
    """A student's answer as JSON text. `created` is in Unix seconds."""

    text: str
    model: str
    fingerprint: str
    prompt_tokens: int
    completion_tokens: int
    answer_id: str
    created: int
    finish_reason: str | None = None
    """Chat only: what the teacher says for this transport; None for OpenAI's default."""
    logprobs: Sequence[TokenLogprob] | None = None
    """The tokens that concatenate to `text`; None where none were asked for. A tool call carries none."""


def derived_id(prefix: str, length: int, answer_id: str) -> str:
    """`prefix` and `length` (at most 64) alphanumerics that follow from the answer's id: same answer, same id."""
    digest = blake2b(answer_id.encode(), digest_size=length, person=prefix.encode()[:16]).digest()
    return prefix + digest.translate(_ALNUM).decode("ascii")


def token_logprobs(logprobs: Sequence[TokenLogprob]) -> list[dict[str, object]]:
    """As chat and the Responses API both write them."""
    return [
        {**_weighed(given.token, given.logprob), "top_logprobs": [_weighed(token, p) for token, p in given.top]}
        for given in logprobs
    ]


def _weighed(token: str, logprob: float) -> dict[str, object]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
