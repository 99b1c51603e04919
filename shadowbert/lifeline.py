"""A child's life hangs on a pipe that its parent holds open: when the parent is gone, however it went, the child goes.

The parent holds the only write end and never writes. The kernel closes it when the parent dies, kill -9 included, and
every child's read returns. PR_SET_PDEATHSIG is not enough: it fires when the *thread* that started the child ends, it
is lost when the parent dies before the child asks for it, it gives a handler no second chance when the signal is
ignored, grandchildren do not inherit it, and it exists on Linux alone. Knows nothing of what the processes do.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

ORPHANED = 70
"""The exit code of a child that was still there after its grace."""


class Lifeline:
    """The parent's end. A child gets `fd` through `pass_fds` and as an argument, and calls `follow` with it.

    A fork without exec would inherit the write end and hold every child alive; start processes by exec only.
    """

    def __init__(self) -> None:
        self.fd, self._held = os.pipe()

    def close(self) -> None:
        """From here on the children are as good as orphaned."""
        os.close(self._held)
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def terminate_self() -> None:
    """The gentle way out: what SIGTERM from the parent would have done."""
    os.kill(os.getpid(), signal.SIGTERM)


def follow(fd: int, *, on_close: Callable[[], None] = terminate_self, grace_s: float = 10.0) -> threading.Thread:
    """Watches the parent from a daemon thread: when it is gone, calls `on_close`, and ends this process by force if it
    is still there `grace_s` later. Raises OSError where `fd` was not inherited.
    """
    os.fstat(fd)  # a wrong number must not pass for a parent that lives for ever
    thread = threading.Thread(target=_watch, args=(fd, on_close, grace_s), name="lifeline", daemon=True)
    thread.start()
    return thread


def _watch(fd: int, on_close: Callable[[], None], grace_s: float) -> None:
    while os.read(fd, 64):
        pass  # nobody writes, but a byte is no end
    try:
        on_close()
        time.sleep(grace_s)
    finally:
        os._exit(ORPHANED)  # past exit handlers and other threads: one of them is why we are still here
