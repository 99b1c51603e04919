"""One inference thread a process: loads, runs and forgets students in the order it is asked.

Refuses to know tasks, thresholds and HTTP. Because one thread does everything, a call meets exactly one version of a
student, and loading never races with answering; because the thread's futures come from the standard library's
executor, every call is answered exactly once, also when a student crashes.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ParamSpec, Protocol, TypeVar

from shadowbert.bert.serving.artifact import open_artifact
from shadowbert.bert.serving.runtime import Student
from shadowbert.domain.student import Guess
from shadowbert.errors import ArtifactInvalid, StudentBusy, StudentError

P = ParamSpec("P")
T = TypeVar("T")


class Guesser(Protocol):
    """What the engine needs of a student."""

    def guess(self, text: str) -> Guess: ...


def open_student(path: Path, *, threads: int = 1) -> Guesser:
    return Student(open_artifact(path), threads=threads)


class Engine:
    """`queue` bounds the calls waiting or running; `opener` runs in the inference thread."""

    def __init__(self, *, queue: int = 64, opener: Callable[[Path], Guesser] = open_student) -> None:
        self._opener = opener
        self._places = threading.BoundedSemaphore(queue)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="student")
        self._closing = False
        # Replaced, never changed, so that other threads may read them at any moment.
        self._students: Mapping[str, Guesser] = {}
        self._failures: Mapping[str, str] = {}

    async def predict(self, student_id: str, text: str, *, deadline_ms: float) -> Guess:
        """Raises StudentBusy, ArtifactInvalid (not loaded), StudentError, or TimeoutError past the deadline.

        A caller that stops waiting takes its call out of the queue. One timer and one wake-up a call: asyncio.timeout
        and wrap_future would cost a tenth of the model's run on top of it.
        """
        loop = asyncio.get_running_loop()
        if not self._places.acquire(blocking=False):
            raise StudentBusy
        try:
            job = self._submit(self._guess, student_id, text)
        except StudentError:
            self._places.release()
            raise
        waiter: asyncio.Future[Guess] = loop.create_future()
        job.add_done_callback(partial(self._ended, loop, waiter))
        timer = loop.call_later(deadline_ms / 1000, _give_up, waiter)
        try:
            return await waiter
        finally:
            timer.cancel()
            job.cancel()

    def load(self, student_id: str, path: Path) -> Future[None]:
        """Queue the loading; calls queued after it find the student. The future raises what `failures` will say."""
        return self._submit(self._load, student_id, path)

    def unload(self, student_id: str) -> Future[None]:
        """Queue the unloading; calls queued before it are still answered."""
        return self._submit(self._unload, student_id)

    def loaded(self) -> frozenset[str]:
        return frozenset(self._students)

    def failures(self) -> Mapping[str, str]:
        """Student id to why it could not be loaded the last time."""
        return self._failures

    def close(self) -> None:
        """Wait for the running call; those behind it raise StudentError. Can be repeated."""
        self._closing = True
        self._thread.shutdown(wait=True)
        self._students = {}

    def _submit(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        try:
            return self._thread.submit(work, *args, **kwargs)
        except RuntimeError as exc:  # the executor's word for "shut down"
            raise StudentError("the engine is closed") from exc

    def _ended(self, loop: asyncio.AbstractEventLoop, waiter: "asyncio.Future[Guess]", job: Future[Guess]) -> None:
        """In the inference thread, or in the caller's when it cancels."""
        self._places.release()
        with suppress(RuntimeError):  # the caller's loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_deliver, waiter, job)

    def _guess(self, student_id: str, text: str) -> Guess:
        self._refuse_when_closing()
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
        except Exception as exc:
            self._note(student_id, str(exc) or repr(exc))
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


def _deliver(waiter: "asyncio.Future[Guess]", job: Future[Guess]) -> None:
    if waiter.done():
        return
    fault = job.exception()
    if fault is None:
        waiter.set_result(job.result())
    else:
        waiter.set_exception(fault)


def _give_up(waiter: "asyncio.Future[Guess]") -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
