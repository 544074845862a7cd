"""Real servers for the tests that need them, started once or cheap enough to start for each."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from stack.servers.nats import NatsServer
from stack.servers.postgres import PostgresServer
from stack.servers.running import running

# How long an example takes says how busy the machine is; speed lives in bench/.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_E2E = Path(__file__).with_name("e2e")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """For the two processes of `make test` (pytest-xdist): a file stays together by transport, and so does what shares a whole stack."""
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        shares = item.path.is_relative_to(_E2E) and isinstance(item, pytest.Function) and "stack" in item.fixturenames
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(f"{'e2e' if shares else file} {parameters.get('transport', '')}"))


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
