"""Log probabilities of a local answer's tokens, from the student's calibrated ones. Renders nothing.

Its tokens are the labels and what stands between them: another cut than the teacher's, but they concatenate to the
text, and what stands between is certain.
"""

import math
from collections.abc import Sequence

from shadowbert.domain.contract import Contract
from shadowbert.domain.manner import Manner
from shadowbert.domain.student import Guess
from shadowbert.recognition.answer import PLAIN, Piece, spelled
from shadowbert.wire.local_answer import TokenLogprob

_LEAST = -9999.0
"""What the API says of tokens that are very unlikely."""


def token_logprobs(
    pieces: Sequence[Piece], contract: Contract, guess: Guess, *, top: int, manner: Manner = PLAIN
) -> list[TokenLogprob] | None:
    """None where so many alternatives do not exist: a token that is certain has none, a label as many as its field."""
    tokens = []
    for piece in pieces:
        token = _certain(piece, top) if piece.field is None else _label(piece, contract, guess, top, manner)
        if token is None:
            return None
        tokens.append(token)
    return tokens


def _certain(piece: Piece, top: int) -> TokenLogprob | None:
    return TokenLogprob(piece.text, 0.0, ((piece.text, 0.0),) * top) if top <= 1 else None


def _label(piece: Piece, contract: Contract, guess: Guess, top: int, manner: Manner) -> TokenLogprob | None:
    if piece.field is None or not guess.distributions:
        return None
    field, probabilities = contract.fields[piece.field], guess.distributions[piece.field]
    if top > len(field.labels):
        return None
    said = [str(label) if contract.worded else spelled(label, manner) for label in field.labels]
    ranked = sorted(zip(said, probabilities, strict=False), key=lambda pair: -pair[1])
    chosen = probabilities[guess.answer[piece.field]]
    return TokenLogprob(piece.text, _log(chosen), tuple((text, _log(p)) for text, p in ranked[:top]))


def _log(probability: float) -> float:
    return max(_LEAST, math.log(probability)) if probability > 0 else _LEAST
