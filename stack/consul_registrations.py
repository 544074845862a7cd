"""What services have registered with Consul, for the supervisor."""

import asyncio
from collections.abc import Callable
from typing import Any

from consul import ConsulException

from mesh.registry.consul.client import AsyncConsul, connecting
from mesh.registry.settings import RegistrySettings
from stack.errors import StackError


def require_consul(settings: RegistrySettings) -> None:
    """Raises StackError when no Consul can be asked there."""
    try:
        leader = asyncio.run(_leader(connecting(settings)))
    except (ConsulException, ValueError, OSError) as error:
        raise StackError(f"the Consul at {settings.consul_addr} cannot be used: {error}") from error
    if not leader:
        raise StackError(f"the Consul at {settings.consul_addr} has no leader")


async def _leader(connect: Callable[[], AsyncConsul]) -> str:
    async with connect() as consul:
        leader: str = await consul.status.leader()
        return leader


class ConsulRegistrations:
    """An address is remembered from when its service was seen to register: until it starts again, it is the same one."""

    def __init__(self, settings: RegistrySettings) -> None:
        self._connect, self._prefix = connecting(settings), settings.consul_prefix
        self._addresses: dict[str, str] = {}
        self._admins: dict[str, str] = {}

    def is_registered(self, instance: str) -> bool:
        try:
            definition = asyncio.run(self._definition(instance))
        except ConsulException:
            return False
        if definition is not None:
            self._addresses[instance] = f"{definition['Address']}:{definition['Port']}"
            self._admins[instance] = definition["Meta"].get("admin", "")
        return definition is not None

    def address(self, instance: str) -> str:
        return self._addresses.get(instance, "")

    def admin(self, instance: str) -> str:
        return self._admins.get(instance, "")

    def remove(self, instance: str) -> None:
        self._addresses.pop(instance, None)
        self._admins.pop(instance, None)
        try:
            asyncio.run(self._deregister(instance))
        except ConsulException:
            return  # its health check takes care of it

    async def _definition(self, instance: str) -> dict[str, Any] | None:
        async with self._connect() as consul:
            definition: dict[str, Any] | None = await consul.agent.service_definition(f"{self._prefix}{instance}")
            return definition

    async def _deregister(self, instance: str) -> None:
        async with self._connect() as consul:
            await consul.agent.service.deregister(f"{self._prefix}{instance}")
