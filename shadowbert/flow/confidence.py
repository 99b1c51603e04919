"""Log probabilities of a local answer's tokens, from the student's calibrated ones. Renders nothing.

Its tokens are the labels and what stands between them: another cut than the teacher's, but they concatenate to the
text, and what stands between is certain.
"""

import json
import math
from collections.abc import Sequence

from shadowbert.domain.contract import Field, Label
from shadowbert.domain.student import Guess
from shadowbert.recognition.answer import Piece
from shadowbert.wire.local_answer import TokenLogprob

_LEAST = -9999.0
"""What the API says of tokens that are very unlikely."""


def token_logprobs(
    pieces: Sequence[Piece], fields: Sequence[Field], guess: Guess, *, top: int
) -> list[TokenLogprob] | None:
    """None where so many alternatives do not exist: a token that is certain has none, a label as many as its field."""
    tokens = []
    for piece in pieces:
        token = _certain(piece, top) if piece.field is None else _label(piece, fields, guess, top)
        if token is None:
            return None
        tokens.append(token)
    return tokens


def _certain(piece: Piece, top: int) -> TokenLogprob | None:
    return TokenLogprob(piece.text, 0.0, ((piece.text, 0.0),) * top) if top <= 1 else None


def _label(piece: Piece, fields: Sequence[Field], guess: Guess, top: int) -> TokenLogprob | None:
    if piece.field is None or not guess.distributions:
        return None
    field, probabilities = fields[piece.field], guess.distributions[piece.field]
    if top > len(field.labels):
        return None
    ranked = sorted(zip(map(_said, field.labels), probabilities, strict=False), key=lambda pair: -pair[1])
    chosen = probabilities[guess.answer[piece.field]]
    return TokenLogprob(piece.text, _log(chosen), tuple((text, _log(p)) for text, p in ranked[:top]))


def _said(label: Label) -> str:
    return label if isinstance(label, str) else json.dumps(label)


def _log(probability: float) -> float:
    return max(_LEAST, math.log(probability)) if probability > 0 else _LEAST
