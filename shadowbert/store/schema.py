"""The database's revision: upgrade it, or say which command to type."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from shadowbert.errors import SchemaOutdated
from shadowbert.store.engine import reading

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
    """Bring the database to this program's revision; safe to call from several processes at once. Returns it.

    Raises SchemaOutdated when the database is at a revision that this program does not know.
    """
    _refuse_unknown(engine, current(engine))
    command.upgrade(_config(engine), "head")
    return head(engine)


def check(engine: Engine) -> None:
    """Raises SchemaOutdated when the database is not at this program's revision."""
    have, want = current(engine), head(engine)
    if have == want:
        return
    _refuse_unknown(engine, have)
    raise SchemaOutdated(
        f"the database is at revision {have or 'none'}, this program needs {want}; run: shadowbert db upgrade"
    )


def head(engine: Engine) -> str:
    return str(ScriptDirectory.from_config(_config(engine)).get_current_head())


def current(engine: Engine) -> str | None:
    """None: an empty database. Raises StoreError when it cannot be reached."""
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(engine: Engine, revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config(engine)).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaOutdated(
            f"the database is at revision {revision}, which this program does not know; upgrade shadowbert itself"
        )
