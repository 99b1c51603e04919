"""One inference thread a process: loads, runs and forgets students in the order it is asked.

Refuses to know tasks, thresholds and HTTP. Because one thread does everything, a call meets exactly one version of a
student, and loading never races with answering; every order is told how it ended, also when a student crashes.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, Protocol

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.domain.student import Guess
from shadowbert.errors import ArtifactInvalid, StudentBusy, StudentError


class Guesser(Protocol):
    """What the engine needs of a student."""

    def guess(self, text: str) -> Guess: ...


def open_student(path: Path, *, threads: int = 1, device: str = "cpu") -> Guesser:
    return Student(open_artifact(path), threads=threads, device=device)


Tell = Callable[[object, BaseException | None], object]
"""Takes the result, or the fault."""


class Engine:
    """`queue` bounds what waits behind the running call; `opener` runs in the inference thread."""

    def __init__(self, *, queue: int = 64, opener: Callable[[Path], Guesser] = open_student) -> None:
        self._opener = opener
        self._queue = queue
        self._orders: SimpleQueue[_Order | None] = SimpleQueue()
        self._closing = False
        # Replaced, never changed, so that other threads may read them at any moment.
        self._students: Mapping[str, Guesser] = {}
        self._failures: Mapping[str, str] = {}
        self._thread = threading.Thread(target=self._obey, name="student", daemon=True)
        self._thread.start()

    async def predict(self, student_id: str, text: str, *, deadline_ms: float) -> Guess:
        """Raises StudentBusy, ArtifactInvalid (not loaded), StudentError, or TimeoutError past the deadline.

        A call that nobody waits for any more is not run. One timer and one wake-up a call, and the order last, because
        the thread wants the interpreter at once: an executor's futures would cost a thirtieth of the model's run.
        """
        if self._orders.qsize() >= self._queue:
            raise StudentBusy
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Guess] = loop.create_future()
        timer = loop.call_later(deadline_ms / 1000, _give_up, waiter)

        def tell(guess: object, fault: BaseException | None) -> None:
            loop.call_soon_threadsafe(_settle, waiter, guess, fault)

        try:
            self._order(partial(self._guess, waiter, student_id, text), tell)
            return await waiter
        finally:
            timer.cancel()

    def load(self, student_id: str, path: Path) -> Future[None]:
        """Queue the loading; calls queued after it find the student. The future raises what `failures` will say."""
        return self._submit(partial(self._load, student_id, path))

    def unload(self, student_id: str) -> Future[None]:
        """Queue the unloading; calls queued before it are still answered."""
        return self._submit(partial(self._unload, student_id))

    def loaded(self) -> frozenset[str]:
        return frozenset(self._students)

    def failures(self) -> Mapping[str, str]:
        """Student id to why it could not be loaded the last time."""
        return self._failures

    def close(self) -> None:
        """Wait for the running call; those behind it raise StudentError. Can be repeated."""
        self._closing = True
        self._orders.put(None)
        self._thread.join()
        self._students = {}

    def _submit(self, do: Callable[[], None]) -> Future[None]:
        future: Future[None] = Future()
        self._order(do, partial(_settle, future))
        return future

    def _order(self, do: Callable[[], object], tell: Tell) -> None:
        if self._closing:
            raise StudentError("the engine is closed")
        self._orders.put(_Order(do, tell))

    def _obey(self) -> None:
        """The inference thread's whole life."""
        while (order := self._orders.get()) is not None:
            order.run()
            del order  # its text is not kept while the next one is waited for

    def _guess(self, waiter: "asyncio.Future[Guess]", student_id: str, text: str) -> Guess:
        self._refuse_when_closing()
        if waiter.done():
            raise TimeoutError
        student = self._students.get(student_id)
        if student is None:
            raise ArtifactInvalid(
                f"{student_id} is not loaded: {self._failures.get(student_id, 'nobody asked for it')}"
            )
        return student.guess(text)

    def _load(self, student_id: str, path: Path) -> None:
        self._refuse_when_closing()
        if student_id in self._students:
            return
        try:
            student = self._opener(path)
        except BaseException as exc:
            self._note(student_id, str(exc) if isinstance(exc, StudentError) else repr(exc))
            raise
        self._students = {**self._students, student_id: student}
        self._note(student_id, None)

    def _unload(self, student_id: str) -> None:
        self._students = {name: student for name, student in self._students.items() if name != student_id}
        self._note(student_id, None)

    def _note(self, student_id: str, failure: str | None) -> None:
        others = {name: why for name, why in self._failures.items() if name != student_id}
        self._failures = others if failure is None else {**others, student_id: failure}

    def _refuse_when_closing(self) -> None:
        if self._closing:
            raise StudentError("the engine is closing")


class _Order:
    """What the inference thread shall do. As a context it tells how that ended: a fault is its caller's, not ours."""

    __slots__ = ("_do", "_result", "_tell")

    def __init__(self, do: Callable[[], object], tell: Tell) -> None:
        self._do, self._tell = do, tell
        self._result: object = None

    def run(self) -> None:
        with self:
            self._result = self._do()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, trace: object) -> Literal[True]:
        with suppress(RuntimeError):  # the caller's loop is closed: nobody waits any more
            self._tell(self._result, _bearable(fault))
        return True


def _bearable(fault: BaseException | None) -> Exception | None:
    """What callers guard against: a panic of Rust's, which is no Exception, would end more than one call, and a
    StopIteration never arrives.
    """
    if fault is None or (isinstance(fault, Exception) and not isinstance(fault, StopIteration)):
        return fault
    return StudentError(f"the student broke down: {type(fault).__name__}")


def _settle(waiter: "asyncio.Future[Any] | Future[Any]", result: object, fault: BaseException | None) -> None:
    if waiter.done():
        return
    if fault is None:
        waiter.set_result(result)
    else:
        waiter.set_exception(fault)


def _give_up(waiter: "asyncio.Future[Guess]") -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
