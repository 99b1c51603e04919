"""Which calls may found a task, what those of one version have in common, and why they found none. Founds nothing."""

from enum import StrEnum

from shadowbert.curation.outcome import Unfit
from shadowbert.domain.records import LoggedExchange, StrayCall
from shadowbert.flow.labels import answered, label
from shadowbert.flow.reading import read_reply
from shadowbert.recognition.fingerprint import canonical_json, digest
from shadowbert.recognition.inferred import may_be_closed
from shadowbert.recognition.recogniser import Recognised, unstated
from shadowbert.wire.request import Request

LEAST = 20
"""Different prompts that make a template: in fewer, accidents look like wording."""
DAY = 86_400.0
KEPT = 30 * DAY
"""A call that has founded nothing for so long is no stray any more."""
GROUPS = 500
"""Kept at a time: of more, those of one call go first, then those that have not grown for longest."""


class Unfounded(StrEnum):
    """Why no version was founded on a group of strays: the first of these that holds, by how far they came."""

    FEW = "few"  # different prompts
    NO_TEMPLATE = "no_template"  # they share no wording around what varies
    NO_INSTRUCTION = "no_instruction"  # each has instructions of its own
    OPEN_ANSWERS = "open_answers"  # nobody states a contract, and the answers show none
    FULL = "full"  # the tenant has all the tasks that may be found by themselves
    PINNED = "pinned"  # an operator wants no further version of the task that they belong to


def stray_of(exchange: LoggedExchange, request: Request, call: Recognised | None) -> StrayCall | None:
    """A call by which a task may be found: what upstream refused, anybody could have sent."""
    if request.prompt is None or request.obstacle is not None:
        return None
    shared = _unstated(exchange, request) if call is None else _stated(exchange, call)
    if shared is None:
        return None
    roles = [message.role for message in request.prompt]
    group = digest(canonical_json([exchange.tenant, request.teacher, *shared, roles, request.explicit_task]))
    return StrayCall(exchange.id, exchange.seq, group, request.explicit_task)


def _stated(exchange: LoggedExchange, call: Recognised) -> list[str] | None:
    if isinstance(label(exchange, call, read_reply(exchange)), Unfit):
        return None
    return [call.contract.hash, call.wording]


def _unstated(exchange: LoggedExchange, request: Request) -> list[str] | None:
    """Most calls without a schema are chat: what is answered at length is none of a closed set."""
    text = answered(exchange, request, read_reply(exchange)) if unstated(request) else None
    return [unstated(request)] if text is not None and may_be_closed(text) else None
