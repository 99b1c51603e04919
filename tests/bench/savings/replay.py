"""The replay: the official client sends a stream, in order, to a real `shadowbert serve` before a simulated upstream.

The upstream gives the stream's own answers. At every hundredth call the client waits until the worker is idle, so the
result counts calls and not this machine's speed. Local answers are compared with the stream's own labels, which no
student had seen.
"""

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from openai import AsyncOpenAI

from shadowbert.prices import cost
from shadowbert.store.store import Store
from shadowbert.supervisor import listen
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from tests.bench.savings.outcome import Outcome
from tests.bench.savings.streams import Answer, Stream, read, same, schema
from tests.bench.students.table import progress

MARKER = "Text:\n"
MODEL = "gpt-4o"
"""Asked, and what prices are taken of."""
BATCH = 100
AT_ONCE = 4
PATIENCE_S = 3600.0


class Teacher:
    """Gives each text the stream's answers, in the order in which the stream gave them."""

    def __init__(self, rows: Sequence[tuple[str, Answer]]) -> None:
        self._answers: dict[str, deque[Answer]] = defaultdict(deque)
        for text, answer in rows:
            self._answers[text.strip()].append(answer)

    def __call__(self, prompt: str, _: Mapping[str, object]) -> Answer:
        known = self._answers[prompt.rpartition(MARKER)[2].strip()]
        if len(known) > 1:
            known.rotate(-1)
            return known[-1]
        return known[0]


@dataclass(frozen=True, slots=True)
class House:
    """The real process tree in front of an upstream."""

    upstream: str
    data: Path
    threads: int

    @contextmanager
    def open(self) -> Iterator[str]:
        """Its base URL."""
        with listen("127.0.0.1", 0) as probe:
            port = probe.getsockname()[1]
        command = [
            sys.executable, "-m", "shadowbert.cli.app", "serve", f"--data-dir={self.data}", f"--port={port}",
            f"--upstream={self.upstream}/v1", "--set=upstream.auth=none", "--set=worker.poll_s=0.2",
            f"--set=training.threads={self.threads}", "--set=training.nice=0",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            tree = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            tree.send_signal(signal.SIGTERM)
            tree.wait(60)

    @property
    def log(self) -> Path:
        return self.data.parent / "serve.log"

    def fault(self, what: str) -> SystemExit:
        said = self.log.read_text("utf-8", "replace").splitlines()[-20:] if self.log.exists() else []
        return SystemExit("\n".join([what, *said]))


@dataclass(slots=True)
class Replay:
    """One stream on its way through one house."""

    stream: Stream
    rows: Sequence[tuple[str, Answer]]
    house: House
    client: AsyncOpenAI
    store: Store
    outcome: Outcome

    async def run(self) -> None:
        await self._reachable()
        ask = schema(self.rows, self.stream.name)
        for start in range(0, len(self.rows), BATCH):
            await self._send(self.rows[start : start + BATCH], ask, late=start >= 0.8 * len(self.rows))
            await self._idle()
            self._observe()

    async def _send(self, rows: Sequence[tuple[str, Answer]], ask: Any, *, late: bool) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(text: str, answer: Answer) -> None:
            async with gate:
                await self._call(text, answer, ask, late=late)

        await asyncio.gather(*(one(text, answer) for text, answer in rows))

    async def _call(self, text: str, answer: Answer, ask: Any, *, late: bool) -> None:
        raw = await self.client.chat.completions.with_raw_response.create(
            model=MODEL,
            messages=[
                {"role": "system", "content": self.stream.question},
                {"role": "user", "content": f"{MARKER}{text}"},
            ],
            response_format=ask,
        )
        found, reply = self.outcome, raw.parse()
        local = raw.headers["x-shadowbert-source"] == "student"
        found.calls += 1
        found.late_calls += late
        assert reply.usage is not None
        price = cost(MODEL, reply.usage.prompt_tokens, reply.usage.completion_tokens) or 0.0
        if not local:
            found.spent += price
            return
        found.saved += price
        found.local += 1
        found.late_local += late
        found.agreed += same(json.loads(reply.choices[0].message.content or "{}"), answer)

    async def _reachable(self) -> None:
        until = time.monotonic() + 60
        async with httpx2.AsyncClient() as client:
            while time.monotonic() < until:
                try:
                    if (await client.get(f"{self.client.base_url}models")).is_success:
                        return
                except httpx2.TransportError:
                    await asyncio.sleep(0.2)
        raise self.house.fault("the server did not come up")

    async def _idle(self) -> None:
        """Until every call is loaded and the worker had nothing left to do after it, trainings included."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with self.store.read() as work:
                loaded = work.reports.total_exchanges()
                done = work.marks.seq("idle") >= work.exchanges.last_seq() and not work.jobs.open_count()
            if loaded > self.outcome.calls and done:  # one more than the calls: the first look at /models
                await asyncio.sleep(0.7)  # one mirror period, so that the web process has seen what the worker did
                return
            await asyncio.sleep(0.1)
        raise self.house.fault("the worker did not become idle")

    def _observe(self) -> None:
        found = self.outcome
        with self.store.read() as work:
            versions = work.tasks.versions()
            verdicts = work.tasks.verdicts([version.id for version in versions])
            students = [student for version in versions for student in work.students.of_version(version.id)]
        if students:
            found.first.setdefault("student", found.calls)
        for row in verdicts:
            if row.verdict.stage in ("canary", "live"):
                found.first.setdefault(str(row.verdict.stage), found.calls)
        found.roll_backs = sum(row.verdict.move == "demote" for row in verdicts)
        stages = ", ".join(f"{version.task} {version.stage} {version.share:.0%}" for version in versions)
        progress(f"{self.stream.name}: {found.calls} calls, {found.local} local, {found.agreed} agree, {stages}")


async def replay(stream: Stream, *, threads: int) -> Outcome:
    rows, started, outcome = read(stream), time.monotonic(), Outcome()
    upstream = SimulatedUpstream(Teacher(rows), Simulation(median_ms=1.0))
    with tempfile.TemporaryDirectory() as name, serving_upstream(upstream.app()) as url:
        house = House(url, Path(name) / "data", threads)
        with house.open() as base, closing(Store(f"sqlite:///{house.data / 'shadowbert.db'}")) as store:
            client = AsyncOpenAI(base_url=base, api_key="replay", max_retries=5)
            await Replay(stream, rows, house, client, store, outcome).run()
    outcome.seconds = time.monotonic() - started
    return outcome
