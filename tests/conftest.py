"""Real servers for the tests that need them, started once or cheap enough to start for each."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from stack.servers.nats import NatsServer
from stack.servers.postgres import PostgresServer
from stack.servers.running import running

# How long an example takes says how busy the machine is; speed lives in bench/.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

_ON_A_WHOLE_STACK = re.compile(r"tests/e2e/.*\[(grpcio|envoy)")


def stays_together(nodeid: str) -> str:
    """What a test shares one of the processes of `make test` with: its file, or everything on the whole stack of a transport, which each
    process would start for itself. By its name, since `xdist_group` has no effect with pytest 9.2 (pytest-xdist's issue 1386)."""
    whole_stack = _ON_A_WHOLE_STACK.match(nodeid)
    return whole_stack[1] if whole_stack else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = stays_together
    return scheduler


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
