import inspect

import aiohttp
import pytest

from shadowbert.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable
from shadowbert.upstream.errors import translated, translation

FOREIGN = [
    kind
    for _, kind in inspect.getmembers(aiohttp.client_exceptions, inspect.isclass)
    if issubclass(kind, Exception)
    and kind.__module__ == "aiohttp.client_exceptions"
    and not kind.__name__.startswith("WS")
]


@pytest.mark.parametrize("kind", FOREIGN)
def test_every_exception_of_the_client_has_a_name_of_ours(kind: type[Exception]) -> None:
    assert translation(kind.__new__(kind)) is not None


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        (aiohttp.ClientConnectorError, UpstreamUnreachable),
        (aiohttp.ClientConnectorDNSError, UpstreamUnreachable),
        (aiohttp.ClientConnectorCertificateError, UpstreamUnreachable),
        (aiohttp.ServerTimeoutError, UpstreamTimeout),
        (aiohttp.ConnectionTimeoutError, UpstreamTimeout),
        (TimeoutError, UpstreamTimeout),
        (aiohttp.ServerDisconnectedError, UpstreamError),
        (aiohttp.ClientPayloadError, UpstreamError),
        (ConnectionResetError, UpstreamError),
    ],
)
def test_the_most_specific_name_wins(foreign: type[Exception], ours: type[UpstreamError]) -> None:
    assert translation(foreign.__new__(foreign)) is ours


def test_bugs_are_not_translated() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError


def test_the_foreign_exception_stays_visible_as_the_cause() -> None:
    with pytest.raises(UpstreamError) as caught, translated():
        raise aiohttp.ClientPayloadError("half")
    assert isinstance(caught.value.__cause__, aiohttp.ClientPayloadError)
