"""What a service in its Envoy has loaded when it serves: nothing that is only needed before, elsewhere or never."""

import subprocess
import sys

import pytest

from stack.topology import CONTEXTS

UNWANTED = {"aiohttp", "alembic", "consul", "httpx", "opentelemetry.sdk", "pydantic", "rich", "sqlalchemy", "typer", "watchfiles"}
# It asks a payment provider, which is no service of the mesh.
USED = {"booking": {"httpx"}}


@pytest.mark.parametrize("context", [context.name for context in CONTEXTS])
def test_a_hosted_service_loads_no_library_that_it_does_not_use(context: str) -> None:
    asked = f"import sys, mesh.transport.envoy.entry, {context}_service.bootstrap; print(*[n for n, m in sys.modules.items() if m])"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert UNWANTED.intersection(loaded) == USED.get(context, set())
    assert f"{context}_service.bootstrap" in loaded


@pytest.mark.parametrize("context", [context.name for context in CONTEXTS])
def test_before_a_process_is_what_serves_it_loads_nothing_of_the_service(context: str) -> None:
    asked = f"import sys, {context}_service.__main__, mesh.transport.envoy.launch; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert not {f"{context}_service.bootstrap", "mesh.server", "grpc", "psycopg", "nats", "structlog", "google.protobuf"}.intersection(
        loaded
    )
