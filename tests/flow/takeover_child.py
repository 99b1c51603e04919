"""Hands calls over in small batches and kills itself inside the n-th transaction: `python -m ... URL N`."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from shadowbert.flow.takeover import TakeOver
from shadowbert.store.store import Store, Transaction

BATCH = 7


@dataclass
class Dying:
    """A ledger whose holder dies when its n-th transaction is about to be committed."""

    store: Store
    left: int

    def read(self) -> AbstractContextManager[Transaction]:
        return self.store.read()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        with self.store.write() as work:
            yield work
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    TakeOver(Dying(Store(sys.argv[1]), int(sys.argv[2])), batch=BATCH).step()
