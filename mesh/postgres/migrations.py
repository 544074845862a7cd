"""Alembic migrations of a context, run at start; any number of processes may do so at once."""

import psycopg
import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config

# Any number that is the same in every process; it is only ever taken in a context's own database.
_LOCK = 7_235_001
_WAIT = "60s"


def migrate(database_url: str, script_location: str, *, revision: str = "head") -> None:
    """Brings the database at `database_url` up to `revision` with the package `script_location` (dotted name); blocks.

    All of it is one transaction under an advisory lock: it is done, or it has not begun. psycopg's and Alembic's errors pass through.
    """
    package, _, folder = script_location.rpartition(".")
    config = Config()
    config.set_main_option("script_location", f"{package}:{folder}" if package else folder)
    config.set_main_option("path_separator", "os")
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(database_url, application_name="reelmesh migrations")
    )
    try:
        with engine.begin() as connection:
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_WAIT}'"))
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        engine.dispose()


def run_environment(metadata: sa.MetaData) -> None:
    """The whole of a context's `env.py`: `run_environment(metadata)`."""
    connection: sa.Connection | None = context.config.attributes.get("connection")
    if connection is None:
        raise RuntimeError("migrations run through mesh.postgres.migrations.migrate")
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
