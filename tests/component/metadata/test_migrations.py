"""The migrated schema is the one that the tables declare."""

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import connect

from mesh.postgres.migrations import migrate
from metadata_service.__main__ import MIGRATIONS
from metadata_service.infrastructure.postgres.tables import metadata


def test_an_empty_database_is_migrated_to_what_the_tables_say(empty_database_url: str) -> None:
    migrate(empty_database_url, MIGRATIONS)
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: connect(empty_database_url))
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection, opts={"compare_server_default": True}), metadata)
        checks = sa.inspect(connection).get_check_constraints("genres")
    engine.dispose()
    assert difference == []
    assert [check["name"] for check in checks] == ["genres_movie_count_is_not_negative"]
