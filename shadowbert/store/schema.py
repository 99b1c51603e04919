"""The database's revision: upgrade it, or say which command to type."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from shadowbert.errors import SchemaOutdated

HERE = Path(__file__).parent


def _scripts() -> Path:
    """The revisions: beside us in the wheel, at the top of a source tree."""
    packaged = HERE / "migrations"
    return packaged if packaged.is_dir() else HERE.parents[1] / "migrations"


def _config(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_scripts()))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine) -> str:
    """Bring the database to this program's revision; safe to call from several processes at once. Returns it."""
    command.upgrade(_config(engine), "head")
    return head(engine)


def head(engine: Engine) -> str:
    return str(ScriptDirectory.from_config(_config(engine)).get_current_head())


def current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(engine: Engine) -> None:
    """Raises SchemaOutdated when the database is not at this program's revision."""
    have, want = current(engine), head(engine)
    if have == want:
        return
    if have is not None and have not in {
        s.revision for s in ScriptDirectory.from_config(_config(engine)).walk_revisions()
    }:
        raise SchemaOutdated(
            f"the database is at revision {have}, which this program does not know; upgrade shadowbert itself"
        )
    raise SchemaOutdated(
        f"the database is at revision {have or 'none'}, this program needs {want}; run: shadowbert db upgrade"
    )
