"""Which exchanges may teach, and why the others may not.

Knows how an exchange ended and what the teacher's reply said about itself, as plain values: neither the wire format nor
the contract. Says nothing about routes: an escalation, an audit and a fallback were all answered by the teacher.
"""

from dataclasses import dataclass
from enum import StrEnum

from shadowbert.domain.contract import Answer
from shadowbert.domain.exchange import Outcome
from shadowbert.domain.route import Source

FINISHED = frozenset({"stop", "tool_calls", "function_call"})
"""Finish reasons of an answer that the teacher itself ended; an absent one is some compatible servers' "stop"."""


class Unfit(StrEnum):
    """Why an exchange has no label."""

    BY_STUDENT = "by_student"  # our own answer teaches nothing
    UPSTREAM_ERROR = "upstream_error"  # no answer: status >= 400, none at all, or an error of ours
    CLIENT_GONE = "client_gone"  # the client left before the answer was whole
    BROKEN_OFF = "broken_off"  # upstream stopped in the middle, or its reply cannot be read
    SEVERAL_CHOICES = "several_choices"  # n > 1: no one answer is the answer
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    TRUNCATED = "truncated"  # the token limit cut the answer
    UNKNOWN_FINISH = "unknown_finish"
    INVALID = "invalid_against_schema"  # the text is no answer of the contract
    RETRY = "retry"  # a client's repetition of a call that has had its answer
    FEEDBACK = "feedback"  # a call whose answer was sent back with a complaint
    FALLBACK = "fallback"  # the same input in another form, after an answer that could not be read

    @property
    def failure(self) -> bool:
        """Whether the gate counts it among the eligible rows without a comparable answer.

        Not a failure of the task: our own answers, clients that left or asked again, in whatever way.
        """
        return self not in _NO_FAILURES


_NO_FAILURES = (
    Unfit.BY_STUDENT,
    Unfit.CLIENT_GONE,
    Unfit.SEVERAL_CHOICES,
    Unfit.RETRY,
    Unfit.FEEDBACK,
    Unfit.FALLBACK,
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an exchange ended and what the teacher's reply says about itself."""

    source: Source
    outcome: Outcome
    status: int | None
    complete: bool
    """The reply was read to its terminal event."""
    finish_reason: str | None = None
    refusal: str | None = None
    answer: Answer | None = None
    """None when the text is not valid against the contract."""
    choices: int = 1


def label_of(ending: Ending) -> Answer | Unfit:
    """The teacher's label, or the first reason why this exchange has none.

    >>> label_of(Ending(Source.LLM, Outcome.COMPLETE, 200, complete=True, finish_reason="stop", answer=(2,)))
    (2,)
    >>> label_of(Ending(Source.LLM, Outcome.COMPLETE, 200, complete=True, finish_reason="length"))
    <Unfit.TRUNCATED: 'truncated'>
    """
    reason = _not_answered(ending) or _not_usable(ending)
    if reason is not None:
        return reason
    return Unfit.INVALID if ending.answer is None else ending.answer


def _not_answered(ending: Ending) -> Unfit | None:
    if ending.source is Source.STUDENT:
        return Unfit.BY_STUDENT
    if ending.status is not None and ending.status >= 400:
        return Unfit.UPSTREAM_ERROR
    if ending.outcome in (Outcome.UPSTREAM_ERROR, Outcome.OURS):
        return Unfit.UPSTREAM_ERROR
    if ending.complete:
        return None  # a client that left after the terminal event has had its answer
    return Unfit.CLIENT_GONE if ending.outcome is Outcome.CLIENT_GONE else Unfit.BROKEN_OFF


def _not_usable(ending: Ending) -> Unfit | None:
    if ending.choices != 1:
        return Unfit.SEVERAL_CHOICES
    if ending.refusal:
        return Unfit.REFUSAL
    if ending.finish_reason is None or ending.finish_reason in FINISHED:
        return None
    return {"length": Unfit.TRUNCATED, "content_filter": Unfit.CONTENT_FILTER}.get(
        ending.finish_reason, Unfit.UNKNOWN_FINISH
    )
