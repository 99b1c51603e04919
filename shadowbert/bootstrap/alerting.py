"""Where alerts go by the settings, and which process of a host raises those that no worker can."""

import fcntl
import os
from contextlib import suppress
from types import TracebackType
from typing import Self

from shadowbert.sections import Settings
from shadowbert.webhook import Webhook

LOCK_NAME = "alerts.lock"


def webhook(settings: Settings) -> Webhook | None:
    """None where nobody wants alerts delivered."""
    alerts = settings.alerts
    if not alerts.webhook_url:
        return None
    return Webhook(alerts.webhook_url, secret=alerts.secret, timeout_s=alerts.timeout_s)


class Voice:
    """The right to speak for this host: the first process to ask has it, and the kernel takes it back when it dies."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.data_dir / LOCK_NAME
        self._file: int | None = None
        self._held = False

    def __enter__(self) -> Self:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self

    def ours(self) -> bool:
        if not self._held and self._file is not None:
            with suppress(OSError):  # somebody else's
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._held = True
        return self._held

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file, self._held = None, False
