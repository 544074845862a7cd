"""A registry of each kind, and instances that answer health checks."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mesh.registry.port import Instance
from stack.servers.consul import ConsulServer
from tests.contract.registry.serving import SetServing, serving
from tests.contract.registry.worlds import ConsulWorld, LocalWorld, World
from tests.servers import Killable
from tests.tools import required_tool


@pytest.fixture(scope="session")
def consul_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ConsulServer, Killable]]:
    """One for all; a test that kills it starts it again."""
    required_tool("consul")
    directory = tmp_path_factory.mktemp("consul")
    server = ConsulServer(directory / "data")
    agent = Killable(server, directory / "log")
    agent.start()
    yield server, agent
    agent.kill()


@pytest.fixture
def consul(consul_agent: tuple[ConsulServer, Killable]) -> ConsulWorld:
    return ConsulWorld(*consul_agent)


@pytest.fixture(params=["local", "consul"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    if request.param == "local":
        return LocalWorld(tmp_path / "registry")
    consul: ConsulWorld = request.getfixturevalue("consul")
    return consul


class Alive:
    """Instances at the address of one server, whose health is theirs."""

    def __init__(self, port: int, set_serving: SetServing) -> None:
        self._port, self.set_serving = port, set_serving

    def __call__(self, instance_id: str, version: str = "1.2") -> Instance:
        context = instance_id.partition("-")[0]
        return Instance(context, instance_id, "127.0.0.1", self._port, version, "a", {"metrics": "127.0.0.1:9100"})


@pytest.fixture
async def alive() -> AsyncIterator[Alive]:
    async with serving() as (port, set_serving):
        yield Alive(port, set_serving)
