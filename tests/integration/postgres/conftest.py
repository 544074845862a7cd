"""A migrated database with an open pool."""

from collections.abc import AsyncIterator

import pytest

from mesh.postgres.database import Database
from mesh.postgres.migrations import migrate

SAMPLE_MIGRATIONS = "tests.integration.postgres.sample_migrations"


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    migrate(empty_database_url, SAMPLE_MIGRATIONS)
    return empty_database_url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, max_size=8)
    await database.open()
    yield database
    await database.close()
