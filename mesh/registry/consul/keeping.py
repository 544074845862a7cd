"""A registration that outlives its agent's memory: whoever registered looks after it."""

import asyncio
import random
from collections.abc import Mapping
from typing import Any

import structlog
from consul import ConsulException

from mesh.registry.consul.client import AsyncConsul
from mesh.registry.port import RegistryUnavailable

_log = structlog.get_logger(__name__)


class KeptRegistration:
    """Asks about every `keep` seconds whether the agent still knows the service, and registers it again when it does not."""

    def __init__(self, consul: AsyncConsul, arguments: Mapping[str, Any], keep: float) -> None:
        self._consul, self._arguments, self._keep = consul, arguments, keep
        self._id = str(arguments["service_id"])
        self._keeping: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        try:
            await self._register()
        except ConsulException as error:
            await self._consul.http.close()
            raise RegistryUnavailable(f"{self._id} cannot be registered: {error}") from error
        self._keeping = asyncio.create_task(self._keep_registered())

    async def deregister(self) -> None:
        if self._keeping is None:
            return
        await _ended(self._keeping)
        self._keeping = None
        try:
            await self._consul.agent.service.deregister(self._id)
        except ConsulException as error:
            raise RegistryUnavailable(f"{self._id} stays registered until its check fails: {error}") from error
        finally:
            await self._consul.http.close()

    async def _register(self) -> None:
        await self._consul.agent.service.register(**self._arguments)

    async def _keep_registered(self) -> None:
        while True:
            await asyncio.sleep(self._keep * random.uniform(0.75, 1.25))  # noqa: S311  # nothing to guess
            try:
                if await self._consul.agent.service_definition(self._id) is None:
                    await self._register()
                    _log.warning("registered again, the agent had forgotten", registered=self._id)
            except ConsulException:
                continue  # it is away: what it knows is asked again when it is back


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
