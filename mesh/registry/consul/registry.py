"""A registry for many machines: Consul, with a gRPC health check for each instance."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from consul import ConsulException

from mesh.registry.consul.client import WAIT, AsyncConsul
from mesh.registry.consul.entries import instances_of, registration
from mesh.registry.consul.keeping import KeptRegistration
from mesh.registry.consul.watch import Watch
from mesh.registry.port import Instance, Registration, RegistryUnavailable


class ConsulRegistry:
    """Each context is a service of Consul, named `prefix` + context; only instances whose checks pass are told.

    An agent may lose what it knew. So a service asks its agent every `keep` seconds whether it is registered, and registers again;
    a watch tells nothing before it has looked for `settle` seconds (more than `keep`); and when Consul was away, nobody counts as
    gone for `grace` seconds.
    """

    def __init__(
        self, connect: Callable[[], AsyncConsul], prefix: str, *, grace: float = 30.0, settle: float = 4.0, keep: float = 2.0
    ) -> None:
        self._connect, self._prefix = connect, prefix
        self._grace, self._settle, self._keep = grace, settle, keep

    async def register(self, instance: Instance) -> Registration:
        kept = KeptRegistration(self._connect(), registration(instance, self._prefix), self._keep)
        await kept.begin()
        return kept

    async def snapshot(self) -> frozenset[Instance]:
        async with self._connect() as consul:
            view = _View(consul, self._prefix)
            try:
                _, names = await view.names(None)
                found = await asyncio.gather(*(view.instances(name, None) for name in names))
            except ConsulException as error:
                raise RegistryUnavailable(str(error)) from error
        return frozenset[Instance]().union(*(instances for _, instances in found))

    async def watch(self) -> AsyncIterator[frozenset[Instance]]:
        async with self._connect() as consul:
            view = _View(consul, self._prefix)
            async with aclosing(Watch(view.names, view.instances, self._grace)) as watch:
                await watch.heard()
                await asyncio.sleep(self._settle)
                last: frozenset[Instance] | None = None
                while True:
                    found = await watch.heard()
                    if found != last:
                        last = found
                        yield found
                    await watch.change()


class _View:
    """Two questions to Consul; with the index of the answer before, each waits until that answer is out of date."""

    def __init__(self, consul: AsyncConsul, prefix: str) -> None:
        self._consul, self._prefix = consul, prefix

    async def names(self, index: int | None) -> tuple[int, list[str]]:
        answer: tuple[str, dict[str, Any]] = await self._consul.catalog.services(index=index, wait=WAIT)
        return int(answer[0]), [name for name in answer[1] if name.startswith(self._prefix)]

    async def instances(self, name: str, index: int | None) -> tuple[int, frozenset[Instance]]:
        answer: tuple[str, list[dict[str, Any]]] = await self._consul.health.service(name, passing=True, index=index, wait=WAIT)
        return int(answer[0]), instances_of(answer[1], self._prefix)
