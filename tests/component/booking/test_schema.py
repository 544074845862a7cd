"""The migrations make exactly the schema that the tables describe; the audit log can only be added to."""

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from booking_service.__main__ import MIGRATIONS
from booking_service.infrastructure.postgres.tables import metadata
from mesh.postgres.migrations import migrate
from tests.schemas import described, engine_of


def test_the_migrated_schema_is_that_of_the_tables(empty_database_url: str) -> None:
    migrate(empty_database_url, MIGRATIONS)
    engine = engine_of(empty_database_url)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        migrated = described(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        assert described(connection) == migrated
        assert len(migrated) > 60
    engine.dispose()


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET actor = 'me'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"])
def test_an_entry_of_the_audit_log_stays_as_it_is(change: str, empty_database_url: str) -> None:
    migrate(empty_database_url, MIGRATIONS)
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("""
            INSERT INTO audit_entries (create_time, actor, address, trace_id, resource, action, detail)
            VALUES (now(), 'users/a', '', '', 'showtimes/s', 'INSERT', '{}')
        """)
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(change)
        assert connection.execute("SELECT actor FROM audit_entries").fetchall() == [("users/a",)]
