"""Watching Consul: one blocking query for the names of services, one for the instances of each, one view of all."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any

from mesh.registry.consul.known import Known
from mesh.registry.consul.queries import answers
from mesh.registry.port import Instance

Names = Callable[[int | None], Awaitable[tuple[int, Sequence[str]]]]
Instances = Callable[[str, int | None], Awaitable[tuple[int, frozenset[Instance]]]]


class Watch:
    """`heard` is the view of all; after `change` it may be another. `aclose` ends it."""

    def __init__(self, names: Names, instances: Instances, grace: float) -> None:
        self._names, self._instances, self._grace = names, instances, grace
        self._known: dict[str, Known] = {}
        self._changed = asyncio.Event()
        self._named = False
        self._tasks: list[asyncio.Task[None]] = []
        self._start(self._follow_names())

    async def heard(self) -> frozenset[Instance]:
        """As soon as there is an answer for each service that has a name."""
        while True:
            found = [known.instances for known in self._known.values()]
            seen = [instances for instances in found if instances is not None]
            if self._named and len(seen) == len(found):
                return frozenset[Instance]().union(*seen)
            await self.change()

    async def change(self) -> None:
        await self._changed.wait()
        self._changed.clear()
        for task in self._tasks:
            if task.done():
                task.result()  # an error of ours: whoever watches begins again

    async def aclose(self) -> None:
        for known in self._known.values():
            known.stop_doubting()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, following: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(following)
        task.add_done_callback(lambda _: self._changed.set())
        self._tasks.append(task)

    async def _follow_names(self) -> None:
        """A service stays followed when its name goes: its own answers say what that means."""
        async for answer in answers(self._names, "names of services"):
            for name in answer.data:
                if name not in self._known:
                    self._known[name] = Known(self._grace, self._changed.set)
                    self._start(self._follow_instances(name))
            self._named = True
            self._changed.set()

    async def _follow_instances(self, name: str) -> None:
        async for answer in answers(partial(self._instances, name), name):
            self._known[name].hear(answer.data, regained=answer.regained)
