"""The migrations make exactly the schema that the tables describe."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from mesh.postgres.migrations import migrate
from rating_service.bootstrap import MIGRATIONS
from rating_service.infrastructure.postgres.tables import metadata

COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default, generation_expression
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass ORDER BY 1, 2
"""


def engine_of(url: str) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))


def described(connection: sa.Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for query in (COLUMNS, INDEXES, CONSTRAINTS) for row in connection.execute(sa.text(query))]


def test_the_migrated_schema_is_that_of_the_tables_also_in_computed_columns_and_checks(empty_database_url: str) -> None:
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
