"""A time limit that costs nothing for work that never waits."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

from mesh.call import Deadline

T = TypeVar("T")


class within(Generic[T]):  # noqa: N801  # used like a function: `await within(deadline, work)`
    """The result of `work`; TimeoutError when the deadline passes while it waits.

    An answer that is at hand, from a cache for example, comes in the first step of its coroutine: no timer is made for it. That is
    most of what `asyncio.timeout` costs, and the larger part of what our handlers add to such a call.
    """

    __slots__ = ("_deadline", "_work")

    def __init__(self, deadline: Deadline, work: Coroutine[Any, Any, T]) -> None:
        self._deadline, self._work = deadline, work

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._work.__await__()
        try:
            waits_for = next(steps)
        except StopIteration as answered:
            return answered.value  # type: ignore[no-any-return]  # a coroutine's result is the value of its StopIteration
        return (yield from self._timed(_Rest(waits_for, steps)).__await__())

    async def _timed(self, rest: "_Rest[T]") -> T:
        async with asyncio.timeout(self._deadline.remaining()):
            return await rest


class _Rest(Generic[T]):
    """A coroutine after its first step: what it waits for goes to the event loop, what comes back goes to it (PEP 380)."""

    __slots__ = ("_steps", "_waits_for")

    def __init__(self, waits_for: Any, steps: Generator[Any, Any, T]) -> None:
        self._waits_for, self._steps = waits_for, steps

    def __await__(self) -> Generator[Any, Any, T]:
        waits_for, steps = self._waits_for, self._steps
        try:
            while True:
                try:
                    sent = yield waits_for
                except BaseException as error:
                    waits_for = steps.throw(error)
                else:
                    waits_for = steps.send(sent)
        except StopIteration as answered:
            return answered.value  # type: ignore[no-any-return]  # as above
