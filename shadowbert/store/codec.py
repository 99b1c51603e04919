"""Domain values to columns and back."""

import zlib
from typing import Any

from sqlalchemy import Row

from shadowbert.domain.contract import Fill, Fills
from shadowbert.domain.evidence import Counts, Departure
from shadowbert.domain.manner import Manner, Manners
from shadowbert.domain.route import Decider, Source
from shadowbert.domain.student import Guess, Prediction, Slice


def prediction_to_json(prediction: Prediction | None) -> dict[str, Any] | None:
    if prediction is None:
        return None
    return {
        "student_id": prediction.student_id,
        "candidate_id": prediction.candidate_id,
        "answer": list(prediction.guess.answer),
        "confidences": list(prediction.guess.confidences),
        "joint": prediction.guess.joint,
        "in_slice": prediction.in_slice,
        "late": prediction.late,
        "ms": prediction.ms,
    }


def prediction_from_json(data: dict[str, Any] | None) -> Prediction | None:
    if data is None:
        return None
    return Prediction(
        student_id=data["student_id"],
        candidate_id=data["candidate_id"],
        guess=Guess(tuple(data["answer"]), tuple(data["confidences"]), data["joint"]),
        in_slice=data["in_slice"],
        late=data["late"],
        ms=data["ms"],
    )


def slice_of(row: Row[Any]) -> Slice:
    return Slice(row.threshold, frozenset((field, label) for field, label in row.excluded))


def departures_to_json(departures: tuple[Departure, ...]) -> list[list[Any]] | None:
    return [[gone.field, gone.label, gone.counts.agree, gone.counts.disagree, gone.fell] for gone in departures] or None


def departures_of(row: Row[Any]) -> tuple[Departure, ...]:
    return tuple(
        Departure(field, label, Counts(agree, disagree), fell=fell)
        for field, label, agree, disagree, fell in row.departures or ()
    )


def manners_of(row: Row[Any]) -> Manners:
    return {form: Manner.from_json(manner) for form, manner in row.manners.items()}


def fills_of(row: Row[Any]) -> Fills:
    return {name: Fill.from_json(fill) for name, fill in row.fills.items()}


def squeeze(body: bytes | None) -> bytes | None:
    return None if body is None else zlib.compress(body, 6)


def unsqueeze(body: bytes | None) -> bytes | None:
    return None if body is None else zlib.decompress(body)


def source_of(row: Row[Any]) -> tuple[Source, Decider]:
    return Source(row.source), Decider(row.decider)
