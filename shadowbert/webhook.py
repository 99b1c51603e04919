"""Sends one alert to the operator's webhook: JSON by POST, signed where there is a secret, in bounded time.

Its address may hold a secret: nothing that leaves here, error or log line, says more of it than its host. Knows no
alerts and tries nothing twice.
"""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2

from shadowbert.errors import WebhookError

SIGNATURE = "x-shadowbert-signature"


class Webhook:
    def __init__(self, url: str, *, secret: str = "", timeout_s: float = 5.0) -> None:
        self._url, self._secret, self._timeout_s = url, secret.encode(), timeout_s
        logging.getLogger("httpx2").setLevel(logging.WARNING)  # it would log the whole address of each request

    @property
    def host(self) -> str:
        return urlsplit(self._url).hostname or ""

    def post(self, message: Mapping[str, object]) -> int:
        """The status, which is a 2xx. Raises WebhookError. Must not be called on an event loop."""
        body = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace")
        try:
            status = asyncio.run(self._post(body))
        except TimeoutError:
            raise WebhookError(f"{self.host} did not answer within {self._timeout_s:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise WebhookError(f"{self.host} cannot be reached: {type(error).__name__}") from None
        if not 200 <= status < 300:
            redirects = ", a redirect, which is not followed" if 300 <= status < 400 else ""
            raise WebhookError(f"{self.host} answered with status {status}{redirects}")
        return status

    async def _post(self, body: bytes) -> int:
        """The reply's body is nobody's business; a server that says it byte by byte keeps nobody waiting."""
        async with (
            asyncio.timeout(self._timeout_s),
            httpx2.AsyncClient(timeout=None, follow_redirects=False) as client,
            client.stream("POST", self._url, content=body, headers=self._headers(body)) as reply,
        ):
            return reply.status_code

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"content-type": "application/json", "user-agent": "shadowbert"}
        if self._secret:
            headers[SIGNATURE] = f"sha256={hmac.new(self._secret, body, hashlib.sha256).hexdigest()}"
        return headers
