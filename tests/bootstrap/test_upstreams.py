import json
import urllib.request
from pathlib import Path

import pytest

from shadowbert.bootstrap.serving import open_serving
from shadowbert.bootstrap.storage import prepare_store
from shadowbert.bootstrap.upstreams import keyless, upstream_rules
from shadowbert.sections import Settings
from shadowbert.testing.raw import replying, serving_raw
from shadowbert.testing.serving import serving
from shadowbert.web.process import build_app

OPEN, CLOSED = {"auth": "none"}, {"auth": "passthrough"}


def settings(upstream: dict[str, object], **named: dict[str, object]) -> Settings:
    base = {"base_url": "http://h/v1"}
    tables = {name: {**base, "models": [f"{name}-*"], **given} for name, given in named.items()}
    return Settings.model_validate({"upstream": base | upstream, "upstreams": tables})


def test_the_rules_stand_in_the_order_of_the_file() -> None:
    rules = upstream_rules(settings({}, west={"path_prefix": "/west"}, east={}))
    assert [(rule.name, rule.path_prefix, rule.models) for rule in rules.rules] == [
        ("west", "/west", ("west-*",)),
        ("east", "", ("east-*",)),
    ]


@pytest.mark.parametrize(
    ("given", "without"),
    [
        (settings(CLOSED), set()),
        (settings(OPEN), {""}),
        (settings(OPEN, west=CLOSED), {""}),
        (settings(CLOSED, west=OPEN), {"west"}),
        (settings(OPEN, west=OPEN), {"", "west"}),
    ],
)
def test_each_upstream_says_for_itself_whether_it_checks_keys(given: Settings, without: set[str]) -> None:
    assert keyless(given) == without


async def test_what_an_upstream_says_reaches_the_answer_path(tmp_path: Path) -> None:
    given = settings(CLOSED, west=OPEN).model_copy(update={"data_dir": tmp_path})
    prepare_store(given)
    async with open_serving(given) as machines:
        policy = machines.station._policy
        assert [policy.checks(name) for name in ("", "west")] == [True, False]


def test_a_whole_process_with_two_upstreams(tmp_path: Path) -> None:
    def named(name: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(name), name)

    with serving_raw(replying(named(b"one"))) as (_, one), serving_raw(replying(named(b"two"))) as (two, two_url):
        given = Settings.model_validate(
            {
                "data_dir": tmp_path,
                "upstream": {"base_url": f"{one}/v1"},
                "upstreams": {"two": {"base_url": f"{two_url}/v1", "path_prefix": "/two", "models": ["two-*"]}},
            }
        )
        prepare_store(given)
        with serving(build_app(given)) as url:

            def ask(path: str, model: str) -> bytes:
                request = urllib.request.Request(f"{url}{path}", json.dumps({"model": model}).encode())
                with urllib.request.urlopen(request, timeout=10) as reply:
                    return bytes(reply.read())

            assert ask("/v1/chat/completions", "m") == b"one"
            assert ask("/v1/chat/completions", "two-1") == b"two"
            assert ask("/two/v1/embeddings", "m") == b"two"
    assert [request.split()[1] for request in two.requests] == [b"/v1/chat/completions", b"/v1/embeddings"]
