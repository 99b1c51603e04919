"""Webhooks for tests: one that notes what it is sent, and one that refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shadowbert.errors import WebhookError


@dataclass
class Hook:
    """Takes everything, unless `refusals` are left."""

    refusals: int = 0
    sent: list[Mapping[str, object]] = field(default_factory=list)
    tries: int = 0

    def post(self, message: Mapping[str, object]) -> int:
        self.tries += 1
        if self.refusals:
            self.refusals -= 1
            raise WebhookError("hooks.test answered with status 500")
        self.sent.append(message)
        return 200
