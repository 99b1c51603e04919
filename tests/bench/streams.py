"""Replays real streams of texts with the answers LLMs gave, in lockstep: `python -m tests.bench.streams [name ...]`.

The official client sends each text of a stream, in order, to a real `shadowbert serve` before a simulated upstream
that gives the stream's own answers. At every hundredth call it waits until the worker is idle, so the result counts
calls and not this machine's speed. Local answers are compared with the stream's own labels, which no student had seen.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from openai import AsyncOpenAI

from shadowbert.store.store import Store
from shadowbert.supervisor import listen
from shadowbert.testing.serving import serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation

DATA = Path(__file__).parents[3] / "shared" / "data"
MARKER = "Text:\n"
BATCH = 100
AT_ONCE = 4
PATIENCE_S = 1800.0
Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Stream:
    """A replayed stream: a file of DATA, how many of its calls, and where the answers stand."""

    name: str
    calls: int
    question: str
    key: str = "teacher"
    only: str | None = None
    """The field that answers which are no objects go by."""


STREAMS = (
    Stream("sms-spam-gold", 5573, "Is this SMS spam or ham?", only="label"),
    Stream("banking77-gold", 6000, "Which of the 77 banking intents is this customer message?", only="intent"),
    Stream("trec-gold", 5952, "Which coarse and fine type has the answer that this question asks for?"),
    Stream(
        "banking77-gpt4", 3080, "Which of the 77 banking intents is this customer message?", "teacher_gpt4o", "intent"
    ),
    Stream("centralbank-gpt41", 6000, "Classify the central-bank sentence: stance, time and certainty."),
    Stream("hatespeech-gpt35", 6000, "Does this forum sentence express hate?", only="hate"),
)


@dataclass(slots=True)
class Outcome:
    """What came of one stream."""

    stream: Stream
    calls: int = 0
    first: dict[str, int] = field(default_factory=dict)
    """Event to the call it was seen at: student, canary, live."""
    local: int = 0
    agreed: int = 0
    demotions: int = 0
    late_local: int = 0
    late_calls: int = 0
    seconds: float = 0.0

    def row(self) -> str:
        seen = " | ".join(str(self.first.get(event, "-")) for event in ("student", "canary", "live"))
        share = f"{self.local / self.calls:.1%}" if self.calls else "-"
        late = f"{self.late_local / self.late_calls:.1%}" if self.late_calls else "-"
        agreement = f"{self.agreed / self.local:.2%}" if self.local else "-"
        return (
            f"| {self.stream.name} | {self.calls} | {seen} | {share} | {late} | {agreement} | {self.demotions} "
            f"| {self.seconds / 60:.0f} min |"
        )


def read(stream: Stream) -> list[tuple[str, Answer]]:
    rows = []
    with (DATA / f"{stream.name}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            answer = row.get(stream.key)
            if answer is not None:
                rows.append((row["text"], {stream.only: answer} if stream.only else answer))
    return rows[: stream.calls]


def schema(rows: Sequence[tuple[str, Answer]], name: str) -> dict[str, object]:
    labels: dict[str, set[str]] = defaultdict(set)
    for _, answer in rows:
        for key, label in answer.items():
            labels[key].add(str(label))
    properties = {key: {"type": "string", "enum": sorted(known)} for key, known in labels.items()}
    body = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"type": "json_schema", "json_schema": {"name": name.replace("-", "_"), "strict": True, "schema": body}}


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


@contextmanager
def house(upstream: str, folder: Path) -> Iterator[str]:
    """The real process tree; its URL."""
    with listen("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "shadowbert.cli.app", "serve", f"--data-dir={folder}", f"--port={port}",
        f"--upstream={upstream}/v1", "--set=upstream.auth=none", "--set=worker.poll_s=0.2",
        f"--set=training.threads={os.cpu_count() or 1}", "--set=training.nice=0",
    ]  # fmt: skip
    with (folder.parent / "serve.log").open("ab") as log:
        tree = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        tree.send_signal(signal.SIGTERM)
        tree.wait(60)


async def replay(stream: Stream) -> Outcome:
    rows = read(stream)
    outcome, started = Outcome(stream), time.monotonic()
    ask = schema(rows, stream.name)
    upstream = SimulatedUpstream(Teacher(rows), Simulation(median_ms=1.0))
    with tempfile.TemporaryDirectory() as name, serving_upstream(upstream.app()) as url:
        folder = Path(name) / "data"
        with house(url, folder) as base:
            await reachable(base)
            store = Store(f"sqlite:///{folder / 'shadowbert.db'}")
            client = AsyncOpenAI(base_url=base, api_key="replay", max_retries=5)
            for start in range(0, len(rows), BATCH):
                await send(client, rows[start : start + BATCH], outcome, ask, late=start >= 0.8 * len(rows))
                await idle(store, outcome.calls)
                observe(store, outcome)
                progress(outcome, store)
            store.close()
    outcome.seconds = time.monotonic() - started
    return outcome


async def send(
    client: AsyncOpenAI, rows: Sequence[tuple[str, Answer]], outcome: Outcome, ask: Mapping[str, object], *, late: bool
) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(text: str, answer: Answer) -> None:
        async with gate:
            raw = await client.chat.completions.with_raw_response.create(
                model="gpt-4.1",
                messages=[
                    {"role": "system", "content": outcome.stream.question},
                    {"role": "user", "content": f"{MARKER}{text}"},
                ],
                response_format=ask,  # type: ignore[arg-type]
            )
        outcome.calls += 1
        outcome.late_calls += late
        if raw.headers["x-shadowbert-source"] == "student":
            said = json.loads(raw.parse().choices[0].message.content or "{}")
            outcome.local += 1
            outcome.late_local += late
            outcome.agreed += said == {key: str(label) for key, label in answer.items()}

    await asyncio.gather(*(one(text, answer) for text, answer in rows))


async def reachable(base: str) -> None:
    client = AsyncOpenAI(base_url=base, api_key="replay", max_retries=0)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            await client.models.list()
        except Exception:  # noqa: BLE001 - not up yet, whatever it says
            await asyncio.sleep(0.2)
        else:
            return
    raise SystemExit("the server did not come up; see serve.log")


async def idle(store: Store, calls: int) -> None:
    """Until every call is loaded and the worker had nothing left to do after it, trainings included."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with store.read() as work:
            loaded = work.reports.total_exchanges()
            done = work.marks.seq("idle") >= work.exchanges.last_seq() and not work.jobs.open_count()
        if loaded > calls and done:  # one more than the calls: the first look at /models
            await asyncio.sleep(0.7)  # one mirror period, so that the web process has seen what the worker did
            return
        await asyncio.sleep(0.1)
    raise SystemExit("the worker did not become idle")


def observe(store: Store, outcome: Outcome) -> None:
    with store.read() as work:
        versions = work.tasks.versions()
        verdicts = work.tasks.verdicts([version.id for version in versions])
        students = [student for version in versions for student in work.students.of_version(version.id)]
    if students:
        outcome.first.setdefault("student", outcome.calls)
    for row in verdicts:
        if row.verdict.stage in ("canary", "live"):
            outcome.first.setdefault(str(row.verdict.stage), outcome.calls)
    outcome.demotions = sum(row.verdict.move == "demote" for row in verdicts)


def progress(outcome: Outcome, store: Store) -> None:
    with store.read() as work:
        stages = ", ".join(f"{v.task} {v.stage} {v.share:.0%}" for v in work.tasks.versions())
    sys.stderr.write(f"{outcome.stream.name}: {outcome.calls} calls, {outcome.local} local, {stages}\n")


def main(wanted: Sequence[str]) -> int:
    if not DATA.is_dir():
        sys.stdout.write(
            "The streams are measurement data beside the repository (../shared/data); they are not here.\n"
        )
        return 0
    print_head()
    for stream in STREAMS:
        if not wanted or stream.name in wanted:
            sys.stdout.write(asyncio.run(replay(stream)).row() + "\n")
            sys.stdout.flush()
    return 0


def print_head() -> None:
    sys.stdout.write(
        "| stream | calls | first student | canary | live | local, all calls | local, last fifth | agreement "
        "| demotions | wall |\n|---|---|---|---|---|---|---|---|---|---|\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
