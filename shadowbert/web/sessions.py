"""Who may use our own surface: the admin token, as a bearer credential or exchanged for a browser session.

A session is a signed expiry in a cookie; nothing is kept, and a new token ends every session.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping

COOKIE = "shadowbert_session"
LIFETIME_S = 12 * 3600


class Doorkeeper:
    """Compares in constant time; never says what was wrong."""

    def __init__(self, token: str, *, clock: Callable[[], float] = time.time) -> None:
        self._token = token.encode()
        self._key = hmac.digest(self._token, b"shadowbert session", hashlib.sha256)
        self._clock = clock

    def bears(self, headers: Mapping[str, str]) -> bool:
        """Whether the request brings the token itself, which no browser sends on its own."""
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.knows(credential.strip())

    def knows(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token)

    def session(self) -> str:
        """A cookie value that is good for LIFETIME_S seconds."""
        expiry = str(int(self._clock()) + LIFETIME_S)
        return f"{expiry}.{self._sign(expiry)}"

    def holds(self, cookies: Mapping[str, str]) -> bool:
        """Whether the request comes from a browser that signed in, which any page can make it send."""
        expiry, _, signature = cookies.get(COOKIE, "").partition(".")
        signed = hmac.compare_digest(signature.encode(), self._sign(expiry).encode())
        return signed and int(expiry) > self._clock()

    def _sign(self, expiry: str) -> str:
        return hmac.digest(self._key, expiry.encode(), hashlib.sha256).hex()


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a browser sent this from our own page: by Sec-Fetch-Site, else by Origin against Host."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin", "")
    return origin.partition("://")[2] == headers.get("host", "") != ""
