"""The migrations make exactly the schema that the tables describe."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from library_service.__main__ import MIGRATIONS
from library_service.infrastructure.postgres.tables import metadata
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
