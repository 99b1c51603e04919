"""Our own surface on a loopback port, with a real store behind it and a door to upstream that notes who came."""

import http.client
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

from shadowbert.bootstrap.operations import operations_on
from shadowbert.domain.card import Card
from shadowbert.domain.task import Policy
from shadowbert.flow.incoming import Client, Incoming
from shadowbert.flow.report import Report
from shadowbert.store.store import Store
from shadowbert.testing.lineage import NOW
from shadowbert.testing.serving import serving
from shadowbert.web.admin import admin_routes
from shadowbert.web.app import create_app
from shadowbert.web.dashboard import dashboard_routes
from shadowbert.web.desk import Desk
from shadowbert.web.sessions import COOKIE, LIFETIME_S, Doorkeeper
from tests.flow.hooks import Hook

TOKEN = "a-token-for-tests-3QvX8pLm"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def detail(self) -> str:
        return str(self.json["detail"])


def said(reply: Reply) -> str:
    """The page's text, tags taken away."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", reply.text)))


def alerts(reply: Reply) -> str:
    return " ".join(unescape(text) for text in re.findall(r'role="alert">(.*?)</', reply.text, re.DOTALL))


@dataclass
class Door:
    """A station that notes which requests would have gone upstream."""

    seen: list[str] = field(default_factory=list)
    body_limit: int = 100

    async def answer(self, incoming: Incoming, client: Client) -> None:
        self.seen.append(f"{incoming.method} {incoming.target.decode()}")
        await client.start(200, [(b"content-type", b"text/plain")])
        await client.send(b"upstream", more=False)


@dataclass
class Surface:
    store: Store
    door: Door = field(default_factory=Door)
    wrong: dict[str, str | None] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    """By the students' artifacts."""
    now: float = NOW
    policy: Policy = field(default_factory=Policy)
    hook: Hook | None = None
    """Where alerts go."""
    url: str = ""

    def __post_init__(self) -> None:
        self.doorkeeper = Doorkeeper(TOKEN, clock=lambda: self.now)

    @contextmanager
    def open(self) -> Iterator["Surface"]:
        desk = Desk(
            report=lambda: Report(self.store, self.policy, lambda: self.now, self.cards.get),
            operations=lambda: operations_on(self.store, self.policy, lambda: self.now, self.hook),
            checks=lambda: self.wrong,
        )
        routers = (admin_routes(desk, self.doorkeeper), dashboard_routes(desk, self.doorkeeper))
        with serving(create_app(self.door, checks=dict, lifespan=_nothing, routers=routers)) as self.url:
            yield self

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {TOKEN}"}

    @property
    def session(self) -> dict[str, str]:
        return {"cookie": f"{COOKIE}={self.doorkeeper.session()}"}

    @property
    def expired(self) -> dict[str, str]:
        early = Doorkeeper(TOKEN, clock=lambda: self.now - LIFETIME_S - 1)
        return {"cookie": f"{COOKIE}={early.session()}"}

    @property
    def from_here(self) -> dict[str, str]:
        return {"origin": self.url}

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
        """The path goes out as it is: no client tidies it up."""
        connection = http.client.HTTPConnection(self.host, timeout=10)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            reply = connection.getresponse()
            return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read().decode("utf-8"))
        finally:
            connection.close()

    def command(self, verb: str, *, task: str = "bank", **given: object) -> Reply:
        """Through the admin API, with the token."""
        headers = {**self.bearer, "content-type": "application/json"}
        return self.call("POST", f"/shadowbert/api/tasks/{task}/{verb}", headers, json.dumps(given).encode())

    def form(self, path: str, headers: Mapping[str, str] | None = None, **fields: str) -> Reply:
        """As a browser sends a form."""
        return self.call("POST", path, {"content-type": FORM, **(headers or {})}, urlencode(fields).encode())

    def submit(self, **fields: str) -> Reply:
        """A command on the page by somebody who signed in."""
        return self.form("/shadowbert/command", {**self.session, **self.from_here}, **fields)

    def page(self, path: str = "/shadowbert/") -> Reply:
        return self.call("GET", path, self.session)


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield
