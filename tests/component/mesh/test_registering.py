"""A service and its registry: where it says that it is, and what it does without one."""

from pathlib import Path
from typing import Any

import pytest

from mesh.registry.local import LocalRegistry
from mesh.server import RunningService
from mesh.settings import Settings
from mesh.starting import StartFailed
from metadata_service.__main__ import MIGRATIONS
from metadata_service.bootstrap import build
from tests.services import serving


async def test_a_service_registers_where_it_listens_or_where_it_is_told(empty_database_url: str, tmp_path: Path) -> None:
    directory = tmp_path / "registry"
    async with serving("metadata", build, MIGRATIONS, empty_database_url, tmp_path, registry_dir=directory) as service:
        (found,) = await LocalRegistry(directory).snapshot()
        assert found.address == service.address
    assert await LocalRegistry(directory).snapshot() == frozenset()
    told: dict[str, Any] = {"registry_dir": directory, "advertise": "10.9.8.7:80", "metrics_listen": "127.0.0.1:0"}
    async with serving("metadata", build, MIGRATIONS, empty_database_url, tmp_path, **told):
        (found,) = await LocalRegistry(directory).snapshot()
        assert found.address == "10.9.8.7:80"
        assert found.metadata["metrics"].startswith("127.0.0.1:")


async def test_a_service_that_cannot_register_says_so_and_does_not_start(empty_database_url: str) -> None:
    settings = Settings(database_url=empty_database_url, nats_url="nats://127.0.0.1:9", registry="consul", consul_addr="127.0.0.1:9")
    service = RunningService("metadata", build, settings)
    with pytest.raises(StartFailed, match=r"^metadata: cannot register: reelmesh-metadata-.* cannot be registered: "):
        await service.start()
    await service.drain()


def test_an_instance_has_a_name_that_no_other_container_has() -> None:
    assert Settings(instance_id="movie-1").instance_name("movie") == "movie-1"
    context, *host, pid = Settings().instance_name("movie").split("-")
    assert (context, pid.isdigit(), bool(host)) == ("movie", True, True)
