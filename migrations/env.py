"""Runs the revisions on the engine that shadowbert.store.schema hands over, under a lock."""

from alembic import context
from sqlalchemy import Connection, Engine, text

from shadowbert.store.tables import metadata

LOCK = 0x5AD0BE27


def run(engine: Engine) -> None:
    with engine.connect().execution_options(immediate=True) as connection:
        context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
        with context.begin_transaction():
            _lock(connection)
            context.run_migrations()
        connection.commit()


def _lock(connection: Connection) -> None:
    """One migration at a time: SQLite's BEGIN IMMEDIATE is the lock there."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


run(context.config.attributes["engine"])
