"""Whatever a client sends goes through as it is, gets upstream's own answer, and is one row."""

import http.client
import itertools
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import QUICK, Api
from tests.e2e.tree import Tree, planted, until

CHAT = "/v1/chat/completions"
HUGE = 100 * 1024 * 1024
JSON = {"content-type": "application/json"}
Reply = tuple[int, bytes]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory, api: Api) -> Iterator[Tree]:
    data_dir = tmp_path_factory.mktemp("bad") / "data"
    with planted(Tree(data_dir, api.url, QUICK, ("--no-worker",))) as planted_tree:
        yield planted_tree


def send(url: str, method: str, target: str, body: object = None, headers: dict[str, str] | None = None) -> Reply:
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    try:
        connection.request(method, target, body=body, headers={**JSON, **(headers or {})})  # type: ignore[arg-type]
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def grew_by_one(tree: Tree, before: int) -> bool:
    """The row is there, and no second one: the loader takes all that is in the journal at once."""
    until(lambda: tree.total() > before, told=tree.said)
    return tree.total() == before + 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[1, 2]",
        b'"text"',
        b'{"model": 5, "messages": []}',
        b'{"model": null, "messages": "hello", "response_format": 7}',
        b'{"model": "m", "messages": [], "response_format": {"type": "json_schema", "json_schema": {"schema": []}}}',
        b'{"model": "\xff\xfe", "messages": []}',
        b"\x00\x01\x02",
        b"[" * 100_000,
        b'{"model": "m", "messages": [], "tools": {"a": [1]}, "stream": "yes", "n": -1}',
        b'{"model": "m", "messages": [{"role": 5, "content": {"a": 1}}], "user": "\\ud800"}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_bodies_that_make_no_sense(tree: Tree, api: Api, body: bytes) -> None:
    before = tree.total()
    direct, through = send(api.url, "POST", CHAT, body), send(tree.url, "POST", CHAT, body)
    assert through[0] == direct[0]
    if direct[0] != 200:  # an answer carries a number of its own
        assert through == direct
    assert grew_by_one(tree, before)
    row = tree.rows()[-1]
    assert (row.request, row.response, row.status) == (body, through[1], through[0])


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/no/such/thing?a=1&a=%00"),
        ("DELETE", "/v1/files/%ff%fe"),
        ("PUT", "/v1/%00"),
        ("POST", "/v1/embeddings"),
        ("PATCH", "/v1//a/..%2f"),
        ("OPTIONS", "/v1/anything"),
    ],
)
def test_unknown_paths(tree: Tree, api: Api, method: str, target: str) -> None:
    before = tree.total()
    direct, through = send(api.url, method, target, b"\xff"), send(tree.url, method, target, b"\xff")
    assert through[0] == direct[0] == 200
    echoed, expected = json.loads(through[1]), json.loads(direct[1])
    assert [echoed[k] for k in ("method", "target", "sha256")] == [expected[k] for k in ("method", "target", "sha256")]
    assert grew_by_one(tree, before)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-shadowbert-task": "\xff" * 500},
        {"x-shadowbert-mode": "\xe4\xf6"},
        {"x-stainless-retry-count": "9" * 500},
        {"user-agent": "\xff" * 500},
        {"content-encoding": "gzip"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_headers_that_make_no_sense(tree: Tree, api: Api, headers: dict[str, str]) -> None:
    before, body = tree.total(), b'{"model": "m", "messages": []}'
    assert send(tree.url, "POST", CHAT, body, headers)[0] == send(api.url, "POST", CHAT, body, headers)[0]
    assert grew_by_one(tree, before)


def test_a_body_of_100_megabytes(tree: Tree) -> None:
    """Never refused and never held in memory or in the log: the row has the numbers alone."""
    before = tree.total()
    head, tail = b'{"model": "m", "messages": [{"role": "user", "content": "', b'"}]}'
    fill = HUGE - len(head) - len(tail)
    pieces = itertools.chain([head], (b"x" * 65536 for _ in range(fill // 65536)), [b"x" * (fill % 65536), tail])
    status, reply = send(tree.url, "POST", CHAT, pieces, {"content-length": str(HUGE)})
    assert status == 200
    assert json.loads(reply)["object"] == "chat.completion"
    assert grew_by_one(tree, before)
    row = tree.rows()[-1]
    assert row.request is None
    assert row.response == reply
    journal = sum(file.stat().st_size for file in (tree.data_dir / "journal").iterdir())
    assert journal < HUGE / 10
