"""The border where the HTTP client's exceptions become ours, by one table. Knows no status codes."""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from shadowbert.errors import UpstreamError, UpstreamTimeout, UpstreamUnreachable


class BrokenOff(aiohttp.ClientConnectionError):
    """A connection that was made died before the reply's head. aiohttp repeats no request after this class of error."""


# Most specific first: an aiohttp time-out is a TimeoutError and a ClientError at once.
TABLE: tuple[tuple[type[BaseException], type[UpstreamError]], ...] = (
    (TimeoutError, UpstreamTimeout),
    (aiohttp.ClientConnectorError, UpstreamUnreachable),
    (aiohttp.ClientSSLError, UpstreamUnreachable),
    (aiohttp.InvalidURL, UpstreamUnreachable),
    (aiohttp.ClientError, UpstreamError),
    (OSError, UpstreamError),
)


def translation(error: BaseException) -> type[UpstreamError] | None:
    """What a foreign exception is called here; None for what is not the upstream's doing."""
    return next((ours for foreign, ours in TABLE if isinstance(error, foreign)), None)


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        ours = translation(error) or UpstreamError
        raise ours from error
