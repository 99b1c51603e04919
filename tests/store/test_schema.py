"""Migrations on both back ends: from empty, from several processes at once, and what is said where they do not fit."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from shadowbert.errors import SchemaOutdated, StoreError
from shadowbert.store import schema
from shadowbert.store.engine import open_engine, reading, writing
from shadowbert.store.store import Store
from shadowbert.store.tables import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with request.getfixturevalue("postgres").database(template="template0") as url:
        yield url


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    engine = open_engine(empty_url)
    yield engine
    engine.dispose()


def set_revision(engine: Engine, revision: str) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def test_an_empty_database_is_refused_with_the_command_to_type(engine: Engine) -> None:
    with pytest.raises(SchemaOutdated, match=r"revision none, .* needs v0.1.0.alarms; run: shadowbert db upgrade$"):
        schema.check(engine)


def test_upgrading_from_empty_makes_what_the_tables_say(engine: Engine) -> None:
    assert schema.upgrade(engine) == schema.head(engine) == schema.current(engine)
    schema.check(engine)
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_upgrading_twice_changes_nothing(engine: Engine) -> None:
    schema.upgrade(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE counters SET value = 7 WHERE name = 'load_seq'"))
    schema.upgrade(engine)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT value FROM counters WHERE name = 'load_seq'")).scalar() == 7


def test_a_newer_revision_is_refused_by_name(engine: Engine) -> None:
    schema.upgrade(engine)
    set_revision(engine, "v99.0.0")
    for command in (schema.check, schema.upgrade):
        with pytest.raises(SchemaOutdated, match=r"revision v99.0.0, .* not know; upgrade shadowbert itself"):
            command(engine)
    assert schema.current(engine) == "v99.0.0"


def test_downgrading_leaves_no_table(engine: Engine) -> None:
    from alembic import command

    schema.upgrade(engine)
    command.downgrade(schema._config(engine), "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}


def test_rows_from_before_there_were_callers_belong_to_the_one_without_a_name(engine: Engine) -> None:
    from alembic import command

    schema.upgrade(engine)
    command.downgrade(schema._config(engine), "v0.1.0")
    values = {
        "id": "e1", "seq": 1, "received_at": 0.0, "tenant": "default", "method": "POST", "path": "/", "upstream": "",
        "deployment": "", "outcome": "complete", "source": "llm", "reason": "shadow", "decider": "stage", "p_llm": 1.0,
        "first_byte_ms": 1.0, "total_ms": 1.0, "request_bytes": 1, "response_bytes": 1, "response_type": "",
        "response_encoding": "", "retry_count": 0, "client": "", "eligible": True,
    }  # fmt: skip
    places = ", ".join(f":{name}" for name in values)
    with writing(engine) as connection:
        connection.execute(text(f"INSERT INTO exchanges ({', '.join(values)}) VALUES ({places})"), values)
    schema.upgrade(engine)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT id, caller FROM exchanges")).all() == [("e1", "")]


def upgrade_at(url: str, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    Store(url).upgrade()


def test_processes_that_upgrade_at_once_take_turns(empty_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(2)
    processes = [spawn.Process(target=upgrade_at, args=(empty_url, start)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    store = Store(empty_url)
    store.check()
    store.close()


def test_a_database_out_of_reach_is_a_store_error(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'nowhere' / 'store.db'}")
    for attempt in (store.check, store.upgrade):
        with pytest.raises(StoreError, match="unable to open database file"):
            attempt()
    store.close()


def test_verdicts_from_before_there_were_alerts_are_told_to_nobody(engine: Engine) -> None:
    from alembic import command

    schema.upgrade(engine)
    command.downgrade(schema._config(engine), "v0.1.0.truth")
    contract = {"fields": [], "fingerprint": "c1:"}
    tables = metadata.tables
    task = {"id": "t1", "tenant": "default", "name": "bank", "created_at": 0.0, "former": [], "pinned": False}
    version = {"id": "v1", "task_id": "t1", "teacher": "gpt", "contract": contract, "skeleton": {}, "created_at": 0.0,
               "stage": "live", "share": 1.0, "epoch": 1, "stage_seq": 0, "forced": False, "held": False}  # fmt: skip
    verdict = {"version_id": "v1", "at": 0.0, "at_seq": 0, "ruling": "pass", "move": "promote", "reason": "because",
               "missing": "", "stage_before": "shadow", "stage_after": "live", "share_after": 1.0, "epoch": 1,
               "forced": False, "held": False, "by": "gate", "why": "", "numbers": {}}  # fmt: skip
    with writing(engine) as connection:
        for name, row in (("tasks", task), ("versions", version), ("verdicts", verdict), ("verdicts", verdict)):
            connection.execute(tables[name].insert(), [row])
    schema.upgrade(engine)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT seq FROM marks WHERE name = 'alerts'")).scalar() == 2
