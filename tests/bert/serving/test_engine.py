"""The engine under faults: slow, crashing, missing and late students; a full queue; swaps and closing under load."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shadowbert.bert.serving.engine import Engine, Guesser, open_student
from shadowbert.bert.serving.runtime import Student
from shadowbert.domain.student import Guess
from shadowbert.errors import ArtifactInvalid, StudentBusy, StudentError

LONG = 10_000.0
"""Milliseconds that never pass in these tests."""


class Fake:
    """Answers with its version; waits for the gate where one is given; raises what it is told."""

    def __init__(
        self, version: int = 0, gate: threading.Event | None = None, fault: BaseException | None = None
    ) -> None:
        self.version, self.gate, self.fault = version, gate, fault
        self.asked: list[str] = []
        self.running = threading.Event()

    def guess(self, text: str) -> Guess:
        self.asked.append(text)
        self.running.set()
        if self.gate is not None:
            self.gate.wait(10)
        if self.fault is not None:
            raise self.fault
        return Guess((self.version,), (0.9,), 0.9)


MakeEngine = Callable[..., Engine]


@pytest.fixture
def make_engine() -> Iterator[MakeEngine]:
    engines: list[Engine] = []

    def make(students: dict[str, Fake], queue: int = 64) -> Engine:
        def opener(path: Path) -> Guesser:
            if path.name not in students:
                raise ArtifactInvalid(f"{path.name}: damaged")
            return students[path.name]

        engine = Engine(queue=queue, opener=opener)
        engines.append(engine)
        for name in students:
            engine.load(name, Path(name)).result()
        return engine

    yield make
    for engine in engines:
        engine.close()


async def test_a_call_is_answered(make_engine: MakeEngine) -> None:
    engine = make_engine({"a": Fake(version=3)})
    assert engine.loaded() == {"a"}
    assert (await engine.predict("a", "x", deadline_ms=LONG)).answer == (3,)


async def test_a_real_student(published: Path) -> None:
    engine = Engine()
    engine.load("s", published)
    try:
        guess = await engine.predict("s", "card pin please", deadline_ms=LONG)
        assert len(guess.answer) == 2
        assert engine.failures() == {}
    finally:
        engine.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_student_is_opened_with_the_threads_it_may_use(published: Path, threads: int) -> None:
    student = open_student(published, threads=threads)
    assert isinstance(student, Student)
    assert student._network._session.get_session_options().intra_op_num_threads == threads


async def test_a_student_that_is_not_loaded(make_engine: MakeEngine) -> None:
    with pytest.raises(ArtifactInvalid, match="nobody asked"):
        await make_engine({}).predict("a", "x", deadline_ms=LONG)


async def test_a_damaged_student_is_a_failure_with_a_reason_until_it_loads(make_engine: MakeEngine) -> None:
    students = {"good": Fake()}
    engine = make_engine(students)
    with pytest.raises(ArtifactInvalid):
        engine.load("bad", Path("bad")).result()
    assert engine.failures() == {"bad": "bad: damaged"}
    assert engine.loaded() == {"good"}
    with pytest.raises(ArtifactInvalid, match="damaged"):
        await engine.predict("bad", "x", deadline_ms=LONG)
    students["bad"] = Fake(version=1)
    engine.load("bad", Path("bad")).result()
    assert engine.failures() == {}
    assert (await engine.predict("bad", "x", deadline_ms=LONG)).answer == (1,)


def test_any_fault_in_loading_is_noted(make_engine: MakeEngine, tmp_path: Path) -> None:
    engine = Engine()
    try:
        with pytest.raises(ArtifactInvalid):
            engine.load("gone", tmp_path / "gone").result()
        assert "no such student folder" in engine.failures()["gone"]
        engine.unload("gone").result()
        assert engine.failures() == {}
    finally:
        engine.close()


@pytest.mark.parametrize("fault", [StudentError("nan"), RuntimeError("segfault nearly"), MemoryError(), KeyError("x")])
async def test_a_crash_reaches_its_caller_only(make_engine: MakeEngine, fault: Exception) -> None:
    engine = make_engine({"bad": Fake(fault=fault), "good": Fake(version=1)})
    results = await asyncio.gather(
        *(engine.predict(name, "x", deadline_ms=LONG) for name in ("bad", "good", "bad", "good")),
        return_exceptions=True,
    )
    assert results[0] is fault
    assert [r.answer for r in results if isinstance(r, Guess)] == [(1,), (1,)]


class Panic(BaseException):
    """As Rust's panics reach Python: the tokenizers' own, for one."""


@pytest.mark.parametrize("fault", [Panic("index out of bounds"), SystemExit(1), StopIteration()])
async def test_a_fault_that_is_no_exception_is_an_error_of_the_student(
    make_engine: MakeEngine, fault: BaseException
) -> None:
    """Past the border that fails open it would end the call, or the process."""
    engine = make_engine({"a": Fake(fault=fault), "b": Fake(version=2)})
    with pytest.raises(StudentError, match=type(fault).__name__):
        await engine.predict("a", "x", deadline_ms=LONG)
    assert (await engine.predict("b", "x", deadline_ms=LONG)).answer == (2,)


def test_a_loading_that_breaks_down_is_noted() -> None:
    def opener(path: Path) -> Guesser:
        raise Panic(path.name)

    engine = Engine(opener=opener)
    with pytest.raises(StudentError, match="Panic"):
        engine.load("a", Path("a")).result(10)
    assert "Panic" in engine.failures()["a"]
    engine.close()


async def test_the_queue_is_bounded_and_its_places_come_back(make_engine: MakeEngine) -> None:
    gate = threading.Event()
    slow = Fake(gate=gate)
    engine = make_engine({"slow": slow}, queue=3)
    running = asyncio.create_task(engine.predict("slow", "x", deadline_ms=LONG))
    await asyncio.to_thread(slow.running.wait, 10)
    waiting = [asyncio.create_task(engine.predict("slow", "x", deadline_ms=LONG)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(StudentBusy):
        await engine.predict("slow", "x", deadline_ms=LONG)
    gate.set()
    assert len(await asyncio.gather(running, *waiting)) == 4
    for _ in range(5):  # more than there are places
        await engine.predict("slow", "x", deadline_ms=LONG)


async def test_a_student_that_hangs_fills_the_queue_once(make_engine: MakeEngine) -> None:
    """Those who gave up keep their places until they are passed over: nobody waits behind them for nothing."""
    gate = threading.Event()
    slow = Fake(gate=gate)
    engine = make_engine({"slow": slow}, queue=2)
    running = asyncio.create_task(engine.predict("slow", "first", deadline_ms=LONG))
    await asyncio.to_thread(slow.running.wait, 10)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await engine.predict("slow", "abandoned", deadline_ms=1)
    with pytest.raises(StudentBusy):
        await engine.predict("slow", "too many", deadline_ms=LONG)
    gate.set()
    await running
    engine.unload("nobody").result()  # behind those who gave up
    await engine.predict("slow", "next", deadline_ms=LONG)
    assert slow.asked == ["first", "next"]


def test_a_caller_whose_loop_is_closed_harms_nobody(make_engine: MakeEngine) -> None:
    gate = threading.Event()
    slow = Fake(version=1, gate=gate)
    engine = make_engine({"slow": slow})
    with pytest.raises(TimeoutError):
        asyncio.run(engine.predict("slow", "x", deadline_ms=1))
    gate.set()
    assert asyncio.run(engine.predict("slow", "y", deadline_ms=LONG)).answer == (1,)


async def test_past_the_deadline_the_caller_goes_on_and_the_waiting_call_is_skipped(make_engine: MakeEngine) -> None:
    gate = threading.Event()
    slow = Fake(gate=gate)
    engine = make_engine({"slow": slow}, queue=2)
    running = asyncio.create_task(engine.predict("slow", "first", deadline_ms=LONG))
    await asyncio.to_thread(slow.running.wait, 10)
    with pytest.raises(TimeoutError):
        await engine.predict("slow", "abandoned", deadline_ms=1)
    gate.set()
    await running
    await engine.predict("slow", "next", deadline_ms=LONG)
    assert slow.asked == ["first", "next"]


async def test_a_call_that_is_late_while_running_frees_its_place(make_engine: MakeEngine) -> None:
    gate = threading.Event()
    slow = Fake(gate=gate)
    engine = make_engine({"slow": slow}, queue=1)
    with pytest.raises(TimeoutError):
        await engine.predict("slow", "late", deadline_ms=20)
    gate.set()
    engine.unload("nobody").result()  # behind the late call in the same queue
    assert (await engine.predict("slow", "next", deadline_ms=LONG)).answer == (0,)


async def test_a_cancelled_caller_takes_its_call_along(make_engine: MakeEngine) -> None:
    gate = threading.Event()
    slow = Fake(gate=gate)
    engine = make_engine({"slow": slow})
    first = asyncio.create_task(engine.predict("slow", "first", deadline_ms=LONG))
    await asyncio.to_thread(slow.running.wait, 10)
    second = asyncio.create_task(engine.predict("slow", "second", deadline_ms=LONG))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.set()
    await first
    engine.unload("slow").result()
    assert slow.asked == ["first"]


async def test_unloading_under_load_answers_who_came_before_and_refuses_who_came_after(make_engine: MakeEngine) -> None:
    gate = threading.Event()
    engine = make_engine({"a": Fake(gate=gate)})
    before = [asyncio.create_task(engine.predict("a", str(i), deadline_ms=LONG)) for i in range(5)]
    await asyncio.sleep(0)
    engine.unload("a")
    after = asyncio.create_task(engine.predict("a", "after", deadline_ms=LONG))
    await asyncio.sleep(0)
    gate.set()
    assert len(await asyncio.gather(*before)) == 5
    with pytest.raises(ArtifactInvalid, match="not loaded"):
        await after


async def test_swapping_under_load_mixes_no_versions(make_engine: MakeEngine) -> None:
    engine = make_engine({f"v{i}": Fake(version=i) for i in range(6)})
    for i in range(1, 6):
        engine.unload(f"v{i}").result()

    async def ask(i: int) -> None:
        for _ in range(40):
            try:
                assert (await engine.predict(f"v{i}", "x", deadline_ms=LONG)).answer == (i,)
            except ArtifactInvalid:
                await asyncio.sleep(0)

    async def swap() -> None:
        for i in range(1, 6):
            engine.load(f"v{i}", Path(f"v{i}"))
            engine.unload(f"v{i - 1}")
            await asyncio.sleep(0.002)

    await asyncio.gather(swap(), *(ask(i) for i in range(6)))
    engine.unload("v0").result()
    assert engine.loaded() == {"v5"}


async def test_closing_answers_everybody_and_refuses_afterwards(make_engine: MakeEngine) -> None:
    gate = threading.Event()
    slow = Fake(gate=gate)
    engine = make_engine({"slow": slow})
    calls = [asyncio.create_task(engine.predict("slow", "x", deadline_ms=LONG)) for _ in range(4)]
    await asyncio.to_thread(slow.running.wait, 10)
    closing = asyncio.create_task(asyncio.to_thread(engine.close))
    while not engine._closing:  # noqa: ASYNC110 - set in another thread
        await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*calls, return_exceptions=True)
    await closing
    assert [type(result) for result in results] == [Guess, StudentError, StudentError, StudentError]
    assert len(slow.asked) == 1
    for _ in range(2):
        with pytest.raises(StudentError, match="closed"):
            await engine.predict("slow", "x", deadline_ms=LONG)
    engine.close()
    assert engine.loaded() == frozenset()


def test_loading_twice_opens_once() -> None:
    opened: list[Path] = []

    def opener(path: Path) -> Guesser:
        opened.append(path)
        return Fake()

    engine = Engine(opener=opener)
    try:
        for _ in range(3):
            engine.load("a", Path("a")).result()
        assert opened == [Path("a")]
    finally:
        engine.close()
