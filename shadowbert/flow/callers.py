"""Who may get a local answer: callers whose credential upstream accepted a short while ago for the same teacher.

Kept in this process's memory only, as keyed hashes under a key that dies with the process. Never holds a credential.
"""

import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Callable

from shadowbert.flow.incoming import Wishes


class AcceptedCallers:
    """A bounded, expiring set of HMAC(credential + organisation + project + teacher)."""

    def __init__(
        self, *, seconds: float = 600.0, limit: int = 100_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._limit, self._clock = seconds, limit, clock
        self._key = os.urandom(32)
        self._accepted: OrderedDict[bytes, float] = OrderedDict()

    def accept(self, wishes: Wishes, teacher: str) -> None:
        """Upstream answered this caller's inference call with a 2xx."""
        mark = self._mark(wishes, teacher)
        if mark is None:
            return
        self._accepted[mark] = self._clock()
        self._accepted.move_to_end(mark)
        while len(self._accepted) > self._limit:
            self._accepted.popitem(last=False)

    def refuse(self, wishes: Wishes, teacher: str) -> None:
        """Upstream answered this caller with 401 or 403."""
        mark = self._mark(wishes, teacher)
        if mark is not None:
            self._accepted.pop(mark, None)

    def knows(self, wishes: Wishes, teacher: str) -> bool:
        mark = self._mark(wishes, teacher)
        accepted = None if mark is None else self._accepted.get(mark)
        return accepted is not None and self._clock() - accepted < self._seconds

    def __len__(self) -> int:
        return len(self._accepted)

    def _mark(self, wishes: Wishes, teacher: str) -> bytes | None:
        if not wishes.credential:
            return None
        parts = (*wishes.credential, *wishes.scope, teacher.encode("utf-8", "surrogatepass"))
        return hmac.digest(self._key, b"\0".join(parts), "sha256")
