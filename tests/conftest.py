"""Real servers for the tests that need them, started once or cheap enough to start for each."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.servers.nats import NatsServer
from stack.servers.postgres import PostgresServer
from stack.servers.running import running


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole run; `postgres.create_database(name)` gives the URL of a new database."""
    directory = tmp_path_factory.mktemp("postgres")
    with running(PostgresServer(directory, durable=False), directory / "server.log") as server:
        yield server


@pytest.fixture
def empty_database_url(postgres: PostgresServer) -> Iterator[str]:
    """A database of this test's own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[str]:
    """The URL of a NATS of this test's own: streams and durable consumers have fixed names."""
    directory = tmp_path / "nats"
    directory.mkdir()
    with running(NatsServer(directory), directory / "server.log") as server:
        yield server.url
