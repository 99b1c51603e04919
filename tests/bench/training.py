"""What training costs, and what callers notice of it: `python -m tests.bench.training [part ...]`.

Parts: `first` (how soon the first student is there), `tuning` (a training of 2,000 texts), `callers` (relayed calls
while a student is trained beside them). On the tickets of the demonstration, with nice and threads as by default.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import orjson
import psutil
from openai import AsyncOpenAI

from shadowbert.demo.caller import Caller
from shadowbert.demo.corpus import tickets
from shadowbert.demo.dataset import Dataset
from shadowbert.recognition.contract import read_contract
from shadowbert.sections import Settings
from shadowbert.settings import training_environment
from shadowbert.store.store import Store
from shadowbert.testing.completions import Completion, whole
from tests.bench.load import Load, drive, post
from tests.bench.stub import Mind, process, stub
from tests.bench.table import Row, render
from tests.e2e.tree import Tree, planted, until

MODEL = "gpt-4o-2024-08-06"
SENT_AT_ONCE = 8
FIRST, TUNED, BESIDE = 200, 2_000, 1_000
CONNECTIONS, PAUSE_S = 16, 0.1
TURNS, TURN = 15, 800
TRAINER, BUSY_S = "shadowbert.bert.training", 3.0
PATIENCE_S = 1_800.0


def teacher(dataset: Dataset) -> Mind:
    """Gives each message the answer of the corpus."""

    def answer(body: bytes) -> bytes:
        text = orjson.loads(body)["messages"][-1]["content"]
        return whole(Completion(orjson.dumps(dataset.answers[text]).decode(), number=1, prompt_tokens=120))

    return answer


@contextmanager
def house(dataset: Dataset, **settings: object) -> Iterator[Tree]:
    """The real process tree before an upstream that answers at once; settings by keyword, `__` for the dot."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port, _ = stack.enter_context(process(stub, teacher(dataset)))
        given = {key.replace("__", "."): value for key, value in settings.items()}
        yield stack.enter_context(planted(Tree(folder / "data", f"http://127.0.0.1:{port}", given)))


def ask(tree: Tree, dataset: Dataset, numbers: range) -> None:
    """These messages, each once, by the official client; all of them are relayed."""
    asyncio.run(_ask(tree, dataset, numbers))


async def _ask(tree: Tree, dataset: Dataset, numbers: range) -> None:
    gate = asyncio.Semaphore(SENT_AT_ONCE)
    async with AsyncOpenAI(base_url=f"{tree.url}/v1", api_key="sk-bench", max_retries=0) as client:
        caller = Caller(client, dataset, MODEL)

        async def one(number: int) -> str:
            async with gate:
                return (await caller.ask(dataset.messages[number])).source

        sources = await asyncio.gather(*map(one, numbers))
    assert set(sources) == {"llm"}, f"answered by {set(sources)}"


def first_student(dataset: Dataset) -> Iterator[Row]:
    with house(dataset) as tree, tree.store() as store:
        ask(tree, dataset, range(FIRST - 1))
        until(lambda: settled(store), seconds=PATIENCE_S)
        assert not students(store)
        began = time.monotonic()
        ask(tree, dataset, range(FIRST - 1, FIRST))
        until(lambda: students(store), seconds=PATIENCE_S, told=tree.said)
        yield Row(f"training: example {FIRST} to the first student", time.monotonic() - began, "s", at_most=20)


def settled(store: Store) -> bool:
    """All that was asked is in the store, and the worker found nothing to do after it."""
    with store.read() as work:
        return 0 < work.exchanges.last_seq() <= work.marks.seq("idle") and not work.jobs.open_count()


def students(store: Store) -> int:
    with store.read() as work:
        return sum(len(work.students.of_version(version.id)) for version in work.tasks.versions())


def tuning(dataset: Dataset) -> Iterator[Row]:
    """The training child alone; its own lines say when what was done."""
    with tempfile.TemporaryDirectory() as name:
        order(Path(name), dataset)
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "shadowbert.bert.training", name],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=training_environment(Settings().training.threads),
        )  # fmt: skip
        began, used = time.monotonic(), os.times()
        assert child.stdout is not None
        told = [(time.monotonic() - began, json.loads(line)) for line in child.stdout]
        assert child.wait() == 0, told[-1][1]
    spent = os.times()
    ready = {event["recipe"]: at for at, event in told if event["event"] == "candidate"}
    end, published = told[-1]
    assert published["recipe"] == "finetune", "the probe was better, so nothing was taught again"
    yield Row(f"training: {TUNED:,} texts, fine-tuning", ready["finetune"] - ready["probe"], "s", at_most=300)
    yield Row(f"training: {TUNED:,} texts, again on all of them, published", end - ready["finetune"], "s")
    yield Row(f"training: {TUNED:,} texts, the whole job", end, "s", at_most=300)
    seconds = spent.children_user + spent.children_system - used.children_user - used.children_system
    yield Row(f"training: {TUNED:,} texts, processor time of the whole job", seconds, "s")
    silent = max(later - earlier for (earlier, _), (later, _) in pairwise([(0.0, {}), *told]))
    yield Row(f"training: {TUNED:,} texts, longest without a word", silent, "s")


def order(folder: Path, dataset: Dataset) -> None:
    contract = read_contract(dataset.schema)
    assert contract is not None
    rows = [
        {"id": str(n), "input": message.text, "answer": [f.index(message.answer[f.name]) for f in contract.fields]}
        | {"split": ("calibration", "calibration", "heldout", "heldout", "heldout", "train")[min(n % 20, 5)]}
        for n, message in enumerate(dataset.messages[:TUNED])
    ]
    job = {
        "contract": contract.to_json(),
        "recipes": ["probe", "finetune"],
        "threads": Settings().training.threads,
        "cutoff": 0,
        "artifact_dir": str(folder / "student"),
    }
    (folder / "job.json").write_text(json.dumps(job))
    (folder / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def callers(dataset: Dataset) -> Iterator[Row]:
    """The training is asked for, and its child is the worker's own. Idle is a child that is held: a shared machine's
    speed drifts, so only what ran side by side is compared, in turn.
    """
    with house(dataset, training__first=1_000_000) as tree, tree.store() as store:
        ask(tree, dataset, range(BESIDE))
        until(lambda: settled(store), seconds=PATIENCE_S)
        relayed(tree, dataset, TURN)
        with store.write() as work:
            work.jobs.queue(tree.versions()[0].id, cause="the bench", at=time.time())
        child = until(lambda: trainer(tree), told=tree.said)
        idle, beside = Load(), Load()
        for _ in range(TURNS):
            child.suspend()
            idle.latencies += relayed(tree, dataset, TURN).latencies
            child.resume()
            beside.latencies += relayed(tree, dataset, TURN).latencies
            with store.read() as work:
                assert work.jobs.open_count(), "the training ended before the turns did"
    yield from compared(idle, beside)


def trainer(tree: Tree) -> psutil.Process | None:
    """The training child, as soon as it learns: what comes before is no work."""
    return next((own for own in tree.family() if TRAINER in own.cmdline() and own.cpu_times().user > BUSY_S), None)


def relayed(tree: Tree, dataset: Dataset, calls: int) -> Load:
    """One known input again and again: a call like any other, but no evidence that would let a student answer."""
    body = {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": dataset.instruction},
            {"role": "user", "content": dataset.messages[0].text},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": dataset.name, "strict": True, "schema": dataset.schema},
        },
    }
    request = post("/v1/chat/completions", orjson.dumps(body))
    load = drive(tree.port, request, calls=calls, connections=CONNECTIONS, pause_s=PAUSE_S)
    assert not load.failures, f"{load.failures} calls failed"
    return load


def compared(idle: Load, beside: Load) -> Iterator[Row]:
    for share, at_most in ((0.5, None), (0.99, 1.3)):
        name, alone, busy = f"callers: relayed p{share * 100:.0f}", idle.p(share), beside.p(share)
        yield Row(f"{name}, idle", alone, "ms")
        yield Row(f"{name}, while a student is trained", busy, "ms")
        yield Row(f"{name}, trained over idle", busy / alone, "x", at_most=at_most)


PARTS: Mapping[str, Callable[[Dataset], Iterator[Row]]] = {"first": first_student, "tuning": tuning, "callers": callers}


def main(wanted: list[str]) -> int:
    dataset = tickets()
    rows: list[Row] = []
    for name, part in PARTS.items():
        if not wanted or name in wanted:
            rows += part(dataset)
    sys.stdout.write(render(rows))
    return int(any(row.missed for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
