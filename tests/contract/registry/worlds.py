"""The registries of the suite, each with what can happen to it."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from mesh.registry.consul.client import connecting
from mesh.registry.consul.registry import ConsulRegistry
from mesh.registry.local import LocalRegistry
from mesh.registry.port import Registry
from mesh.registry.settings import RegistrySettings
from stack.servers.consul import ConsulServer
from tests.servers import Killable


class World(Protocol):
    """`registry` is one more view of the same registry, with a grace of `grace` seconds."""

    def registry(self, grace: float = 30.0) -> Registry: ...

    def away(self) -> AbstractContextManager[None]:
        """Afterwards it may have forgotten everything."""


class LocalWorld:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir()

    def registry(self, grace: float = 30.0) -> LocalRegistry:
        return LocalRegistry(self._directory, poll=0.1, grace=grace)

    @contextmanager
    def away(self) -> Iterator[None]:
        elsewhere = self._directory.rename(self._directory.with_suffix(".away"))
        try:
            yield
        finally:
            elsewhere.rename(self._directory)


class ConsulWorld:
    """A prefix of its own at an agent, which is killed while it is away."""

    def __init__(self, server: ConsulServer, agent: Killable, settings: RegistrySettings | None = None) -> None:
        self._agent = agent
        prefix = f"t-{uuid.uuid4().hex[:8]}-"
        self.settings = settings or RegistrySettings(registry="consul", consul_addr=server.address, consul_prefix=prefix)

    def registry(self, grace: float = 30.0, keep: float = 0.2) -> ConsulRegistry:
        return ConsulRegistry(connecting(self.settings), self.settings.consul_prefix, grace=grace, settle=0.0, keep=keep)

    @contextmanager
    def away(self) -> Iterator[None]:
        self._agent.kill()
        try:
            yield
        finally:
            self._agent.start()
