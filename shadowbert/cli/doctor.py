"""`shadowbert doctor`: whether everything is here that serving and training need."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from os import W_OK as WRITABLE
from os import access, statvfs
from typing import Annotated

import typer

from shadowbert.admin_token import FILE_NAME as TOKEN_FILE
from shadowbert.admin_token import ensure_admin_token, read_admin_token
from shadowbert.bootstrap.storage import DATABASE, open_store
from shadowbert.children import FILE_NAME, ChildState, read_children
from shadowbert.cli.context import ConfigOption, DataDirOption, JsonOption, SetOption, failures, gather
from shadowbert.cli.output import emit, say
from shadowbert.errors import ShadowbertError
from shadowbert.sections import Settings
from shadowbert.supervisor import supervised
from shadowbert.worker.place import serving_place, training_place

GIGABYTE = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    ok: bool
    detail: str


def doctor(
    config: ConfigOption = None,
    pairs: SetOption = None,
    data_dir: DataDirOption = None,
    make_token: Annotated[bool, typer.Option("--make-token", help="Make the admin token where there is none.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check data directory, database, token, training packages and the running processes. Exit code 1 if one fails."""
    with failures():
        settings, _ = gather(config, pairs, {"data_dir": data_dir})
        if make_token:
            ensure_admin_token(settings.data_dir)
        findings = [check(settings) for check in CHECKS]
    if as_json:
        emit([{"check": f.check, "ok": f.ok, "detail": f.detail} for f in findings])
    else:
        for finding in findings:
            say(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.check}: {finding.detail}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _data(settings: Settings) -> Finding:
    folder = settings.data_dir
    if not folder.exists():
        return Finding("data directory", ok=True, detail=f"{folder} will be made at the first start")
    disk = statvfs(folder)
    free = disk.f_bavail * disk.f_frsize
    ok = access(folder, WRITABLE) and free > GIGABYTE
    return Finding("data directory", ok, f"{folder}, {free / GIGABYTE:.1f} GB free")


def _database(settings: Settings) -> Finding:
    if not settings.store.url and not (settings.data_dir / DATABASE).exists():
        if _running(settings):
            return Finding("database", ok=False, detail=f"{settings.data_dir / DATABASE} is gone while shadowbert runs")
        return Finding("database", ok=True, detail="will be made at the first start")
    try:
        with open_store(settings):
            return Finding("database", ok=True, detail="at this program's revision")
    except ShadowbertError as error:
        return Finding("database", ok=False, detail=str(error))


def _token(settings: Settings) -> Finding:
    path = settings.data_dir / TOKEN_FILE
    if not path.exists():
        return Finding("admin token", ok=settings.loopback, detail="none yet; made at the first start on loopback")
    try:
        read_admin_token(path)
    except ShadowbertError as error:
        return Finding("admin token", ok=False, detail=str(error))
    return Finding("admin token", ok=True, detail=str(path))


def _training(settings: Settings) -> Finding:
    missing = [name for name in ("torch", "accelerate", "transformers", "sklearn", "onnx") if find_spec(name) is None]
    if missing:
        return Finding("training", ok=False, detail=f"missing: {', '.join(missing)}; install shadowbert[train]")
    ok, detail = training_place(settings.training.device, settings.training.devices)
    return Finding("training", ok, detail)


def _students(settings: Settings) -> Finding:
    ok, detail = serving_place(settings.student.device)
    return Finding("students", ok, detail)


def _processes(settings: Settings) -> Finding:
    children = read_children(settings.data_dir / FILE_NAME)
    if children is None:
        return Finding("processes", ok=True, detail="not running here")
    states = ", ".join(f"{child.name} {child.state}" for child in children.children)
    if all(child.state is ChildState.STOPPED for child in children.children):
        return Finding("processes", ok=True, detail=states)
    if not supervised(children):
        return Finding("processes", ok=False, detail="not running (it died)")
    return Finding("processes", children.all_running, states)


def _running(settings: Settings) -> bool:
    children = read_children(settings.data_dir / FILE_NAME)
    return children is not None and supervised(children)


CHECKS: tuple[Callable[[Settings], Finding], ...] = (_data, _database, _token, _training, _students, _processes)
