"""What a call has to do with those before it: the same once more, the same with a complaint, the same in another form.

Clients ask again where an answer never came, and where they could make nothing of it. The first answer to an input is
the teacher's word on it; what is drawn from the teacher by asking until it pleases is not. Knows rows, no wire formats.

The call that was complained about keeps its label where that is valid against the contract. The students are judged by
what the teacher says to the plain question; a client's own wishes (a checker in its code) are no part of that question,
and a student that was taught only answers that nobody minded would be held to a teacher that there is not.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.records import CallRow, EarlierCall

REPEATED = 600.0
"""Seconds in which the same input may be a repetition: the clients' longest time-outs."""
FALLEN_BACK = 120.0
"""Seconds from an answer that could not be read to the same input in another form."""
SLACK = 1.0
"""Seconds by which clocks may differ."""
POOR = frozenset({Unfit.INVALID.value, Unfit.TRUNCATED.value})
"""Answers that make a client try another form."""
_SILENT = frozenset({Unfit.UPSTREAM_ERROR.value, Unfit.CLIENT_GONE.value, Unfit.BROKEN_OFF.value})
"""Calls whose client never had an answer."""


def judged(
    row: CallRow, call: EarlierCall, before: Sequence[EarlierCall], *, retry: bool, alike: Callable[[str], bool]
) -> CallRow | None:
    """The row, or the row as a repetition with its parent; None where it would be a complaint about nothing we know.

    `before` are earlier calls with the same input, oldest first; `call` is the row's own place among them. A call of
    the same version counts where it is recent; one of another version that is `alike` where its answer was poor: what
    else is asked about the same text has nothing to do with it. `retry`: the client says that it has tried before,
    which is a repetition only of a call that was answered: after a 429 or a 503 the retry brings the first answer.
    """

    def own(one: EarlierCall) -> bool:
        return one.version_id == row.version_id and _lately(one, call)

    if row.unfit == Unfit.FEEDBACK:
        parent = _last(before, own)
        return replace(row, parent=parent.exchange_id) if parent else None
    if row.answer is None:
        return row
    if retry and (answered := _last(before, lambda one: one.unfit not in _SILENT and own(one))):
        return _repetition(row, Unfit.RETRY, answered)

    def fell_back(one: EarlierCall) -> bool:
        return one.version_id != row.version_id and _lately(one, call) and _fell_back(one, call)

    poor = _last(before, lambda one: fell_back(one) and alike(one.version_id))
    return _repetition(row, Unfit.FALLBACK, poor) if poor else row


def _last(before: Sequence[EarlierCall], fits: Callable[[EarlierCall], bool]) -> EarlierCall | None:
    return next(filter(fits, reversed(before)), None)


def _lately(one: EarlierCall, call: EarlierCall) -> bool:
    return one.tenant == call.tenant and call.received_at - one.received_at <= REPEATED


def _fell_back(one: EarlierCall, call: EarlierCall) -> bool:
    return one.unfit in POOR and -SLACK <= call.received_at - one.ended_at <= FALLEN_BACK


def _repetition(row: CallRow, why: Unfit, parent: EarlierCall) -> CallRow:
    return replace(row, answer=None, unfit=why.value, parent=parent.exchange_id)
