"""Everything that a watch has said."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from mesh.registry.port import Instance, Registry


class Watch:
    """`views` are what was said, in order, as the ids of the instances."""

    def __init__(self) -> None:
        self.last: frozenset[Instance] = frozenset()
        self.views: list[set[str]] = []
        self._said = asyncio.Event()

    async def run(self, registry: Registry) -> None:
        async for instances in registry.watch():
            self.last = instances
            self.views.append({instance.instance_id for instance in instances})
            self._said.set()

    async def until(self, *ids: str, seconds: float = 8.0) -> None:
        """Returns when the last word is exactly `ids`."""
        await self.until_true(lambda: bool(self.views) and self.views[-1] == set(ids), seconds)

    async def until_true(self, condition: Callable[[], bool], seconds: float = 8.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self._said.clear()
                await self._said.wait()


@asynccontextmanager
async def watching(registry: Registry) -> AsyncIterator[Watch]:
    watch = Watch()
    task = asyncio.create_task(watch.run(registry))
    try:
        yield watch
    finally:
        ended = not task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not ended, "a watch never ends by itself"
