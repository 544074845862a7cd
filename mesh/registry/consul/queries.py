"""Blocking queries: an answer now, and again after each change, however often Consul goes away in between."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog
from consul import ConsulException

_log = structlog.get_logger(__name__)
# Seconds: after an answer, so that a burst of changes is one; after a failure, growing.
_BREATH, _PAUSE, _LONGEST_PAUSE = 0.05, 0.2, 5.0

T = TypeVar("T")
# Asks with the index of the last answer, None for an answer at once; gives the index and the data.
Query = Callable[[int | None], Awaitable[tuple[int, T]]]


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """`regained`: it is the first, or Consul was away before it or has lost its past. Then it may say less than what is true."""

    data: T
    regained: bool


async def answers(query: Query[T], about: str) -> AsyncGenerator[Answer[T], None]:
    """Never ends by itself, and gives nothing while Consul does not answer."""
    index: int | None = None
    failures = 0
    regained = True
    while True:
        try:
            found, data = await query(index)
        except ConsulException as error:
            if failures == 0:
                _log.warning("Consul does not answer, what is known is kept", about=about, error=str(error))
            index, regained = None, True
            await asyncio.sleep(_pause(failures))
            failures += 1
            continue
        failures = 0
        # Less than before: the index belongs to another past and would block for what is over. Less than one would not block at all.
        backwards = index is not None and found < index
        index = None if backwards else max(1, found)
        yield Answer(data, regained or backwards)
        regained = False
        await asyncio.sleep(_BREATH)


def _pause(failures: int) -> float:
    """Not the same for every watcher, which otherwise would all come back at once."""
    return min(_LONGEST_PAUSE, _PAUSE * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)  # noqa: S311  # nothing to guess
