"""A client's request as the answer station takes it, and what its headers ask of us. Knows no task and no upstream."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol, Self

from shadowbert.domain.exchange import Endpoint
from shadowbert.flow.ports import Headers
from shadowbert.routing.decide import Mode
from shadowbert.routing.upstreams import UpstreamRules
from shadowbert.wire.tolerant import as_text, parse_object

_OBSERVED = re.compile(
    r"(?:(?:/openai)?(?:/v1)?|/openai/deployments/(?P<deployment>[^/]+))"
    r"/(?:(?P<chat>chat/completions)|(?P<responses>responses)|(?P<completions>completions))"
)
"""The group that matched last is named as its endpoint."""

_CREDENTIALS = frozenset({b"authorization", b"api-key", b"x-api-key", b"ocp-apim-subscription-key"})
"""OpenAI's and Azure's own, and those of the gateways people put before them (Azure API Management, for one)."""

_SCOPE = frozenset({b"openai-organization", b"openai-project"})
_NO = frozenset({b"", b"0", b"false", b"no"})
_MODES: Mapping[bytes, Mode] = MappingProxyType({mode.encode("ascii"): mode for mode in Mode})


class Streamed(Protocol):
    """A request body that is passed on while it arrives. Ends early only by cancelling its reader's call."""

    @property
    def seen(self) -> int:
        """Bytes that have come so far."""
        ...

    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Incoming:
    """One HTTP request. The body is bytes when it was read whole, else what is still to come."""

    method: str
    path: str
    """Decoded, without the query."""
    target: bytes
    """The raw path with the raw query, byte for byte."""
    headers: Headers
    body: bytes | Streamed
    upstream: str = ""
    """Where it goes: the name of a configured upstream, empty for the default one."""
    prefix: str = ""
    """The start of the path that only chose the upstream and does not reach it."""

    @property
    def body_bytes(self) -> int:
        return len(self.body) if isinstance(self.body, bytes) else self.body.seen

    @property
    def onward(self) -> bytes:
        """The target as the upstream gets it."""
        return self.target[len(self.prefix) :]

    @property
    def endpoint(self) -> Endpoint | None:
        return observed(self.method, self.path[len(self.prefix) :])

    @property
    def deployment(self) -> str | None:
        """The model where Azure style puts it: in the path."""
        return _read_path(self.path[len(self.prefix) :])[1]


class Client(Protocol):
    """Where the reply goes. Nothing is raised when the client is gone: the caller is cancelled instead."""

    async def start(self, status: int, headers: Headers) -> None: ...
    async def send(self, chunk: bytes, *, more: bool) -> None: ...


def observed(method: str, path: str) -> Endpoint | None:
    """The endpoint whose bodies we read; None for everything that only passes through.

    >>> observed("POST", "/v1/chat/completions")
    <Endpoint.CHAT: 'chat'>
    >>> observed("POST", "/openai/responses")
    <Endpoint.RESPONSES: 'responses'>
    >>> observed("GET", "/v1/chat/completions") is observed("POST", "/v1/embeddings") is None
    True
    """
    return _read_path(path)[0] if method == "POST" else None


@lru_cache(maxsize=64)
def _read_path(path: str) -> tuple[Endpoint | None, str | None]:
    """Endpoint and deployment; asked several times a call, and clients call the same few paths."""
    found = _OBSERVED.fullmatch(path)
    return (Endpoint(found.lastgroup), found["deployment"]) if found and found.lastgroup else (None, None)


def addressed(incoming: Incoming, rules: UpstreamRules) -> Incoming | None:
    """The same with its upstream, which the path decides, or else the model that an observed call names.

    None where the model decides and stands in a body that is not read: it must not go to the wrong one.
    """
    if not rules.rules:
        return incoming
    path = incoming.target.decode("latin-1")
    placed = replace(incoming, prefix=rules.prefix(path))
    model = _model(placed) if rules.needs_model(path) and placed.endpoint is not None else ""
    return None if model is None else replace(placed, upstream=rules.choose(path, model))


def _model(incoming: Incoming) -> str | None:
    if incoming.deployment is not None:
        return incoming.deployment
    coded = any(name.lower() == b"content-encoding" for name, _ in incoming.headers)
    if coded or not isinstance(incoming.body, bytes):
        return None
    return as_text((parse_object(incoming.body) or {}).get("model")) or ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the request's headers ask of us and tell about the caller. `credential` never leaves memory."""

    mode: Mode = Mode.AUTO
    task: str | None = None
    no_log: bool = False
    retry_count: int = 0
    client: str = ""
    credential: tuple[bytes, ...] = ()
    scope: tuple[bytes, ...] = ()


def read_wishes(headers: Headers) -> Wishes:
    """Never raises: a header that makes no sense is as good as none."""
    found: dict[bytes, bytes] = {}
    credential, scope = [], []
    for given, value in headers:
        name = given.lower()
        found[name] = value
        if name in _CREDENTIALS:
            credential.append(name + b":" + value)
        elif name in _SCOPE:
            scope.append(name + b":" + value)
    retries = found.get(b"x-stainless-retry-count", b"")
    return Wishes(
        mode=_MODES.get(found.get(b"x-shadowbert-mode", b"").strip().lower(), Mode.AUTO),
        task=found.get(b"x-shadowbert-task", b"").decode("utf-8", "replace").strip() or None,
        no_log=found.get(b"x-shadowbert-no-log", b"").strip().lower() not in _NO,
        retry_count=int(retries) if retries.isdigit() and len(retries) < 4 else 0,
        client=found.get(b"user-agent", b"").decode("latin-1")[:200],
        credential=tuple(sorted(credential)),  # their order on the wire does not matter
        scope=tuple(sorted(scope)),
    )
