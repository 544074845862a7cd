"""Parts of an answer, made side by side in limited time; one that fails or is late is named instead of awaited."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import structlog

from mesh.call import ANONYMOUS, Call, Deadline, current_call
from mesh.errors import MeshError

P = TypeVar("P")
T = TypeVar("T")

# What is left of the caller's time to put the answer together and send it.
MARGIN_SECONDS = 0.05
# No part may take longer than this, however long the caller waits: a page that is quick without it is better.
BUDGET_SECONDS = 0.8

log = structlog.get_logger("movie.parts")


def parts_deadline(call: Call, budget: float = BUDGET_SECONDS) -> Deadline:
    """Until when the parts of this call's answer have to be there."""
    return Deadline.after(max(0.0, min(call.deadline.remaining() - MARGIN_SECONDS, budget)))


def on_behalf_of_nobody(call: Call, languages: Iterable[str]) -> Call:
    """The call as it may be made for an answer that others will be given too: without the caller and the caller's credentials."""
    return replace(call, principal=ANONYMOUS, credentials="", languages=tuple(languages))


class Parts(Generic[P]):
    """`async with Parts(call, deadline) as parts: part = parts.start(name, work)`; after the block `parts.result(part)`.

    The work runs as `call` with `deadline`: calls to other contexts made in it see only the time that is left for it. Leaving the block
    waits for the parts, until the deadline at most; an error in the block ends them at once.
    """

    def __init__(self, call: Call, deadline: Deadline) -> None:
        self._call = replace(call, deadline=deadline)
        self._tasks: dict[asyncio.Task[Any], P] = {}
        self.unavailable: list[P] = []

    def start(self, part: P, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        token = current_call.set(self._call)
        try:
            task = asyncio.create_task(work)
        finally:
            current_call.reset(token)
        self._tasks[task] = part
        return task

    def result(self, task: asyncio.Task[T]) -> T | None:
        """None for a part that is unavailable."""
        return None if self._tasks[task] in self.unavailable else task.result()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None and self._tasks:
                await asyncio.wait(self._tasks, timeout=self._call.deadline.remaining())
        finally:
            for task in self._tasks:
                task.cancel()
        for task, part in self._tasks.items():
            if not task.done() or task.cancelled():
                self.unavailable.append(part)
            elif (failure := task.exception()) is not None:
                self.unavailable.append(part)
                if not isinstance(failure, MeshError):
                    log.error("part failed unexpectedly", part=str(part), exc_info=failure)
