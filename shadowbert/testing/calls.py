"""Exchanges of the small bank's task as clients and OpenAI make them: real request and reply JSON.

What a field of them is can be changed by name. Decides nothing.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from shadowbert.domain.exchange import CallNote, Exchange
from shadowbert.domain.route import Decider, Reason, Route, Source
from shadowbert.recognition.fingerprint import input_hash
from shadowbert.testing.completions import Completion, whole
from shadowbert.testing.exchanges import an_exchange
from shadowbert.testing.factories import SCHEMA, SYSTEM, TEACHER

UNKNOWN = Route(Source.LLM, Reason.UNKNOWN_TASK, Decider.RULE)
SHADOWED = Route(Source.LLM, Reason.SHADOW, Decider.STAGE)
AUDITED = Route(Source.LLM, Reason.AUDIT, Decider.COIN, 0.05)
ESCALATED = Route(Source.LLM, Reason.UNSURE, Decider.STUDENT, 0.05)
SERVED = Route(Source.STUDENT, Reason.SURE, Decider.STUDENT, 0.05)


def asked(text: str, **changes: Any) -> bytes:  # noqa: ANN401 - any top-level key of the request
    """A request to classify this text; `system`, `schema` and `name` (of the schema) are no keys but its parts."""
    schema, name = changes.pop("schema", SCHEMA), changes.pop("name", "banking_intent")
    system = changes.pop("system", SYSTEM)
    body = {
        "model": TEACHER,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": text}],
        "response_format": {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}},
    }
    return orjson.dumps({**body, **changes})


def answered(label: str, **changes: Any) -> bytes:  # noqa: ANN401 - any field of Completion
    """The teacher's reply with this label."""
    given: dict[str, Any] = {"text": orjson.dumps({"label": label}).decode(), "number": 1, "prompt_tokens": 40}
    return whole(Completion(**{**given, **changes}))


def a_call(text: str, label: str = "card", **changes: Any) -> Exchange:  # noqa: ANN401 - any field of Exchange
    """A call of a task that nobody knows yet."""
    given: dict[str, Any] = {"route": UNKNOWN, "request_body": asked(text), "response_body": answered(label)}
    return an_exchange(**{**given, **changes})


def a_known_call(version_id: str, text: str, label: str = "card", **changes: Any) -> Exchange:  # noqa: ANN401 - the same
    """An eligible call as the web process notes it for a version: in shadow, if no other route is given."""
    note = CallNote(version_id, text, input_hash(text), eligible=True)
    return a_call(text, label, **{"route": SHADOWED, "call": note, **changes})


def texts(count: int, *, about: str = "my card") -> Sequence[str]:
    """Different messages of customers that share no wording by accident."""
    verbs = ("lost", "want to block", "cannot find", "just got", "never asked for", "need")
    ends = ("since monday", "please help", "what now?", "again and again", "in Rome", "it is urgent", "thanks!")
    who = ("we", "I")
    return [f"{who[n % 2]} {verbs[n % 6]} {about} {ends[n % 7]} ({n * 7919 % 10_007})" for n in range(count)]
