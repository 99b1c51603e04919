"""One HTTP call and its reply: the unit of the journal.

An exchange and its parts have no slots: orjson, which writes one for each call, is twice as fast without.
"""

from dataclasses import dataclass
from enum import StrEnum

from shadowbert.domain.route import Route
from shadowbert.domain.student import Prediction


class Endpoint(StrEnum):
    """Endpoints whose bodies are observed."""

    CHAT = "chat"
    RESPONSES = "responses"
    COMPLETIONS = "completions"  # the legacy endpoint: logged, never answered


class Outcome(StrEnum):
    """How the exchange ended, as far as the transport can tell."""

    COMPLETE = "complete"  # the whole reply was passed on
    TRUNCATED = "truncated"  # upstream broke off in the middle of a reply
    CLIENT_GONE = "client_gone"  # the client left before the end
    UPSTREAM_ERROR = "upstream_error"  # a reply with status >= 400, or none at all
    OURS = "ours"  # an error reply that shadowbert made itself


@dataclass(frozen=True)
class CallNote:
    """What the web process saw in a call of a known version when it decided."""

    version_id: str
    input: str
    input_hash: str
    eligible: bool


@dataclass(frozen=True)
class Exchange:
    """Everything the journal keeps of one HTTP call. Never holds a credential."""

    id: str
    received_at: float
    """Unix seconds."""
    tenant: str
    method: str
    path: str
    """Without the query: keys have been seen there."""
    endpoint: Endpoint | None
    status: int | None
    """What the client got; None when it left before there was any."""
    outcome: Outcome
    route: Route
    first_byte_ms: float
    total_ms: float
    request_bytes: int
    response_bytes: int
    request_body: bytes | None = None
    """None where only metadata is kept: endpoints not observed and bodies over the limit."""
    response_body: bytes | None = None
    response_encoding: str = ""
    """The reply's content-encoding; the body is kept as it came."""
    response_type: str = ""
    explicit_task: str | None = None
    retry_count: int = 0
    client: str = ""
    """The caller's user agent."""
    call: CallNote | None = None
    prediction: Prediction | None = None
    upstream: str = ""
    """The configured upstream that such a call goes to; empty for the default one."""
    deployment: str = ""
    """The model where Azure style names it: in the path."""
    caller: str = ""
    """A keyed pseudonym of the caller's credential; empty where there was none, or where only metadata is kept."""
