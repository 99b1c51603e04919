import pytest

from shadowbert.errors import UpstreamUnreachable
from shadowbert.flow.ports import RelayRequest
from shadowbert.testing.raw import replying, serving_raw
from shadowbert.upstream.relay import Relay
from shadowbert.upstream.switch import Switch


def reply(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def asked(switch: Switch, upstream: str) -> bytes:
    async with switch.send(RelayRequest("GET", b"/v1/x", (), b"", upstream)) as got:
        return b"".join([chunk async for chunk in got.chunks()])


async def test_each_request_reaches_the_upstream_that_it_names() -> None:
    with serving_raw(replying(reply(b"one"))) as (_, one), serving_raw(replying(reply(b"two"))) as (_, two):
        async with Switch({"": Relay(one), "two": Relay(two)}) as switch:
            assert [await asked(switch, name) for name in ("", "two", "")] == [b"one", b"two", b"one"]
            with pytest.raises(KeyError):
                await asked(switch, "three")


async def test_one_that_is_down_is_not_replaced_by_another() -> None:
    with serving_raw(replying(reply(b"one"))) as (upstream, one):
        async with Switch({"": Relay(one), "down": Relay("http://127.0.0.1:9")}) as switch:
            with pytest.raises(UpstreamUnreachable):
                await asked(switch, "down")
    assert upstream.requests == []


async def test_leaving_closes_every_relay() -> None:
    relays = {"": Relay("http://h"), "two": Relay("http://h")}
    async with Switch(relays):
        pass
    assert all(relay._session is not None and relay._session.closed for relay in relays.values())
