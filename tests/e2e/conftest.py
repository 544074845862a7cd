"""One whole stack with demo data for all end-to-end tests; those that break things start their own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
import httpx
import psutil
import pytest

from stack.topology import TRANSPORTS
from stack.whole import WholeStack, whole_stack

Headers = Mapping[str, str]


@contextmanager
def leaving_nothing(data_dir: Path, *arguments: str, demo: bool = False) -> Iterator[WholeStack]:
    """A whole stack of which no process is left at the end."""
    with whole_stack(data_dir, *arguments, demo=demo) as running:
        supervisor = psutil.Process(running.pid)
        yield running
        everything = supervisor.children(recursive=True) if supervisor.is_running() else []
    _, left = psutil.wait_procs(everything, timeout=2)
    assert not left, f"still running: {left}"


@pytest.fixture(scope="session", params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """Every end-to-end test runs once on each."""
    return str(request.param)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, transport: str) -> Iterator[WholeStack]:
    """Shared: what a test changes is either its own movie or put back. Every model passes the gate: a test may need two."""
    data_dir = tmp_path_factory.mktemp("stack") / "data"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REELMESH_RECOMMENDER_GATE_TOLERANCE", "1")
        for limited in ("MAILS_OF_ADDRESS", "MAILS_TO_MAILBOX", "LOGINS", "LOGINS_OF_ADDRESS", "LOGINS_OF_ACCOUNT", "LOGINS_OF_DEVICE"):
            environment.setenv(f"REELMESH_IDENTITY_{limited}", "1000000")
        environment.setenv("REELMESH_IDENTITY_ARGON2_MEMORY_KIB", "1024")
        with leaving_nothing(data_dir, "--transport", transport, demo=True) as running:
            log = running.directory.logs / "supervisor.log"
            assert running.directory.demo_marker.exists(), log.read_text()
            yield running


def client(running: WholeStack) -> httpx.Client:
    return httpx.Client(base_url=running.edge, timeout=10, trust_env=False)


@pytest.fixture(scope="session")
def http(stack: WholeStack) -> Iterator[httpx.Client]:
    with client(stack) as opened:
        yield opened


@pytest.fixture(scope="session")
def channel(stack: WholeStack) -> Iterator[grpc.Channel]:
    """gRPC through the port of the edge."""
    with grpc.insecure_channel(stack.edge_address) as opened:
        yield opened


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture(scope="session")
def user(stack: WholeStack) -> Headers:
    return bearer(stack.token("users/alice"))


@pytest.fixture(scope="session")
def admin(stack: WholeStack) -> Headers:
    return bearer(stack.token("users/admin", ["ADMIN", "USER"]))
