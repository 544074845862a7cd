"""The schema that the migrations make is the one that the code believes in."""

import psycopg
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from mesh.postgres.migrations import migrate
from movie_service.__main__ import MIGRATIONS
from movie_service.infrastructure.postgres.tables import metadata


def test_migrations_make_exactly_the_declared_tables(empty_database_url: str) -> None:
    migrate(empty_database_url, MIGRATIONS)
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(empty_database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        declared = {constraint.name for constraint in metadata.tables["movies"].constraints}
        made = {row[0] for row in connection.execute(sa.text("SELECT conname FROM pg_constraint WHERE conrelid = 'movies'::regclass"))}
    engine.dispose()
    # PostgreSQL 18 lists NOT NULL among the constraints.
    assert {name for name in made if not name.endswith("_not_null")} == declared
