"""What a local answer costs over the bare model run, and what a web process with a student weighs."""

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from shadowbert.bert.serving.artifact import MODEL, TOKENIZER, open_artifact
from shadowbert.bert.serving.network import IDS, MASK, OUTPUT, Network
from shadowbert.bert.serving.reader import Reader
from shadowbert.domain.contract import Contract
from shadowbert.domain.evidence import Move, Ruling, Transition, Verdict
from shadowbert.domain.ids import uuid7
from shadowbert.domain.records import CandidateRow, StudentRow, VersionRow
from shadowbert.domain.student import Slice
from shadowbert.domain.task import Stage
from shadowbert.domain.template import Skeleton, SkeletonMessage
from shadowbert.recognition.contract import read_contract
from shadowbert.settings import training_environment
from shadowbert.store.store import Store
from shadowbert.supervisor import listen
from tests.bench.load import drive, post
from tests.bench.relay import SCHEMA, constant
from tests.bench.stub import process, stub
from tests.bench.table import Row

SYSTEM = "Classify the message of a bank's customer."
TEXT = "My new card has still not arrived and I have been waiting for it for two weeks, what can I do about it please"
ROUNDS = 11
TEACHER = "gpt-4o-2024-08-06"
TOPICS = ("the card has not come", "the transfer is missing", "please close my account")
BODY = json.dumps(
    {
        "model": TEACHER,
        "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": TEXT}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "c", "strict": True, "schema": SCHEMA}},
    }
).encode()


def _train(folder: Path, contract: Contract) -> Path:
    """A student of the bundled encoder; what it knows does not matter here, what it costs does."""
    job, artifact = folder / "job", folder / "student"
    job.mkdir()
    classes = contract.fields[0].classes
    rows = [
        {"id": str(n), "input": f"{TOPICS[n % classes % len(TOPICS)]}, case {n}", "answer": [n % classes]}
        | {"split": "heldout" if n % 5 == 0 else "train"}
        for n in range(60)
    ]
    (job / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    order = {"contract": contract.to_json(), "cutoff": 0, "artifact_dir": str(artifact)}
    (job / "job.json").write_text(json.dumps(order))
    command = [sys.executable, "-m", "shadowbert.bert.training", str(job)]
    subprocess.run(command, check=True, capture_output=True, env=training_environment(1))
    return artifact


def _publish(store: Store, contract: Contract, artifact: Path) -> None:
    """A live version whose student answers everything."""
    now = time.time()
    skeleton = Skeleton((SkeletonMessage("system", (SYSTEM,)), SkeletonMessage("user", ("", ""))))
    version = VersionRow(
        uuid7(), uuid7(), "bench", "default", TEACHER, contract, skeleton, Stage.COLLECTING, 0.0, 0, 0, None,
        forced=False, held=False, created_at=now,
    )  # fmt: skip
    student = StudentRow(uuid7(), version.id, 1, 0, str(artifact), "probe", 60, now)
    candidate = CandidateRow(uuid7(), version.task_id, version.id, student.id, 1, Slice(0.0), 0, 1.0, now)
    with store.write() as work:
        work.tasks.found(version)
        work.students.add(student)
        work.candidates.enter(candidate)
        verdict = Verdict(Ruling.PASS, Move.PROMOTE, "for the bench")
        work.tasks.move(version, verdict, Transition(Stage.LIVE, 1.0, candidate.id, "bench", "bench", now))
        work.marks.set("gate", at=now)


@contextmanager
def _web(data_dir: Path, upstream: int) -> Iterator[tuple[int, psutil.Process]]:
    with listen("127.0.0.1", 0) as probe:
        port = probe.getsockname()[1]
    settings = {
        "data_dir": data_dir, "server.port": port, "upstream.base_url": f"http://127.0.0.1:{upstream}/v1",
        "upstream.auth": "none", "policy.audit_rate": 0.01,
        "watch.gate_max_age_s": 3600, "watch.mirror_max_age_s": 3600,
    }  # fmt: skip
    command = [sys.executable, "-m", "shadowbert.web", *(f"--set={key}={value}" for key, value in settings.items())]
    web = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port, psutil.Process(web.pid)
    finally:
        web.terminate()
        web.wait()


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if _source(port) == "student":
            return
        time.sleep(0.1)
    raise RuntimeError("no local answer came")


def _source(port: int) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/v1/chat/completions", BODY, {"Content-Type": "application/json"})
        return connection.getresponse().getheader("x-shadowbert-source")
    except OSError:
        return None
    finally:
        connection.close()


class Bare:
    """The ONNX Runtime call alone, on ids that are ready."""

    def __init__(self, artifact: Path) -> None:
        opened = open_artifact(artifact)
        reader = Reader(opened.read(TOKENIZER), max_tokens=opened.manifest.max_tokens)
        network, ids = Network(opened.read(MODEL), reader), np.array([reader(TEXT)], dtype=np.int64)
        self._session, self._feed = network._session, {IDS: ids, MASK: np.ones_like(ids)}

    def p50(self, calls: int) -> float:
        """In ms."""
        times = []
        for _ in range(calls):
            started = time.perf_counter()
            self._session.run([OUTPUT], self._feed)
            times.append(time.perf_counter() - started)
        return median(times) * 1000


def bench() -> Iterator[Row]:
    contract = read_contract(SCHEMA)
    assert contract is not None
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        artifact = _train(folder, contract)
        store = Store(f"sqlite:///{folder / 'shadowbert.db'}")
        store.upgrade()
        _publish(store, contract, artifact)
        (folder / "loader.pulse").touch()
        store.close()
        upstream, _ = stack.enter_context(process(stub, constant))
        port, web = stack.enter_context(_web(folder, upstream))
        request = post("/v1/chat/completions", BODY)
        bare = Bare(artifact)
        drive(port, request, calls=200, connections=1)
        # In turn, because a shared machine's speed drifts: each ratio compares what ran side by side.
        rounds = [(bare.p50(100), drive(port, request, calls=100, connections=1)) for _ in range(ROUNDS)]
        yield Row("local: bare ONNX Runtime call p50", median(alone for alone, _ in rounds), "ms")
        yield Row("local: whole local answer p50", median(whole.p(0.5) for _, whole in rounds), "ms")
        ratio = median(whole.p(0.5) / alone for alone, whole in rounds)
        yield Row("local: answer over bare call", ratio, "x", at_most=1.5)
        yield Row("local: p99", max(whole.p(0.99) for _, whole in rounds), "ms")
        drive(port, request, calls=2000, connections=16)
        yield Row("local: web process with a student, RSS", web.memory_info().rss / 2**20, "MiB", at_most=250)
