"""One web process, whole: the application that `serve` starts, in front of a simulated upstream."""

import asyncio
import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shadowbert.admin_token import read_admin_token
from shadowbert.bootstrap.pulse import beat
from shadowbert.bootstrap.serving import open_serving
from shadowbert.bootstrap.storage import open_store, prepare_store
from shadowbert.bootstrap.working import open_operations, open_report
from shadowbert.children import FILE_NAME, Child, Children, ChildState, write_children
from shadowbert.domain.task import Stage
from shadowbert.flow.load import Loader
from shadowbert.flow.operate import Operator
from shadowbert.flow.pseudonyms import LENGTH
from shadowbert.sections import Settings
from shadowbert.store.store import StoreSink
from shadowbert.testing.lineage import found
from shadowbert.testing.serving import serving, serving_upstream
from shadowbert.testing.simulated import SimulatedUpstream, Simulation
from shadowbert.web.process import build_app
from tests.traces import traces

CALL = json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}).encode()


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    upstream = SimulatedUpstream(simulation=Simulation(median_ms=1.0, sigma=0.01))
    with serving_upstream(upstream.app()) as url:
        settings = Settings.model_validate(
            {
                "data_dir": tmp_path / "data",
                "upstream": {"base_url": f"{url}/v1"},
                "watch": {"mirror_every_s": 0.02},
                "policy": {"target": 0.9},
            }
        )
        prepare_store(settings)
        beat(settings)
        yield settings


def fetch(url: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_it_relays_logs_and_is_ready(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serving(build_app(settings)) as url:
        assert fetch(f"{url}/readyz")[0] == 200
        status, reply = fetch(f"{url}/v1/chat/completions", CALL, authorization="Bearer sk-1")
        assert (status, reply["object"]) == (200, "chat.completion")
        token = read_admin_token(settings.data_dir / "admin-token")
        assert fetch(f"{url}/shadowbert/api/tasks", authorization=f"Bearer {token}") == (200, [])
        assert fetch(f"{url}/shadowbert/api/tasks", authorization="Bearer sk-1")[0] == 401
        write_children(
            settings.data_dir / FILE_NAME, Children(1, (Child("worker", ChildState.BACKOFF, None, 3, 1, 0.0),))
        )
        assert fetch(f"{url}/readyz") == (
            200,
            {"status": "degraded", "mirror": "ok", "journal": "ok", "students": "ok", "processes": "worker backoff"},
        )
    (segment,) = settings.journal_dir.iterdir()
    assert b"hello" in segment.read_bytes()
    assert traces("sk-1", segment.read_bytes()) == []
    assert token not in caplog.text


def test_a_caller_is_known_by_one_name_and_its_credential_by_nobody(settings: Settings) -> None:
    for key in ("sk-caller", "sk-caller", "sk-another"):  # of three processes, one after the other
        with serving(build_app(settings)) as url:
            assert fetch(f"{url}/v1/chat/completions", CALL, authorization=f"Bearer {key}")[0] == 200
    with open_store(settings) as store:
        Loader(settings.journal_dir, StoreSink(store)).step()
        with store.read() as work:
            first, again, another = (row.caller for row in work.exchanges.after(0, limit=9))
    assert first == again != another
    assert len(first) == len(another) == LENGTH
    written = b"".join(path.read_bytes() for path in settings.data_dir.rglob("*") if path.is_file())
    assert first.encode() in written
    assert traces("sk-caller", written) == traces("sk-another", written) == []


def test_report_and_commands_follow_the_settings(settings: Settings) -> None:
    with open_store(settings) as store:
        line = found(store)
        line.evidence(line.candidate(line.student()), agree=120, disagree=2)
        (task,) = open_report(settings, store).tasks()
        assert task.target == 0.9
        moved = open_operations(settings, store).operate.cutover("bank", Operator("maria"))
        assert (moved.stage, moved.forced) == (Stage.LIVE, False), "enough for 90 %, not for 95 %"


async def test_the_mirror_is_kept_fresh_while_it_is_open(settings: Settings) -> None:
    async with open_serving(settings) as machines:
        assert machines.mirror.table().versions == ()
        found(machines.store)
        for _ in range(500):
            if machines.mirror.table().versions:
                break
            await asyncio.sleep(0.01)
        assert machines.mirror.table().versions[0].task == "bank"
        assert machines.mirror.age() < 60


def test_it_relays_and_journals_while_the_store_is_away(settings: Settings, tmp_path: Path) -> None:
    database = settings.data_dir / "shadowbert.db"
    database.rename(tmp_path / "away.db")
    with serving(build_app(settings)) as url:
        status, reply = fetch(f"{url}/v1/chat/completions", CALL, authorization="Bearer sk-1")
        assert (status, reply["object"]) == (200, "chat.completion")
        assert fetch(f"{url}/readyz")[1]["mirror"] != "ok"
    (segment,) = settings.journal_dir.glob("*.seg")
    assert segment.stat().st_size > len(CALL)
    assert b'"caller":""' in segment.read_bytes(), "without the installation's key all callers are one"


def test_a_silent_loader_means_nobody_watches(settings: Settings) -> None:
    with serving(build_app(settings)) as url:
        assert fetch(f"{url}/readyz")[1]["mirror"] == "ok"
    os.utime(settings.data_dir / "loader.pulse", (0, 0))
    with serving(build_app(settings)) as url:
        assert fetch(f"{url}/readyz")[1]["mirror"] == "the store has not been read lately"
