"""Answers composed from several contexts, kept while they are whole."""

from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import TypeVar

from mesh.cache import Cache
from mesh.call import Call, Deadline, current_call

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")


class _Incomplete(Exception):  # not an error: how an answer leaves the cache without being kept
    def __init__(self, answer: object, deadline: Deadline) -> None:
        self.answer, self.deadline = answer, deadline


async def kept_or_composed(
    cache: Cache[K, A],
    key: K,
    compose: Callable[[], Awaitable[tuple[A, bool]]],
    call: Call,
    deadline: Deadline,
    tags: Callable[[A], Iterable[Hashable]],
) -> A:
    """The answer for `key`; `compose` gives it together with whether it may be kept, in the time until `deadline`.

    Whoever asks first composes it for all who ask meanwhile, so it is made as `call`, which must not be a certain caller's.
    """

    async def load() -> A:
        current_call.set(call)  # of the task that loads, which is this one's alone
        answer, complete = await compose()
        if not complete:
            raise _Incomplete(answer, deadline)
        return answer

    while True:
        try:
            return await cache.get_or_load(key, load, tags=tags)
        except _Incomplete as incomplete:
            theirs = incomplete.deadline
            # What somebody in more of a hurry got is no answer for us, as long as we have time for our own.
            if theirs.at >= deadline.at or theirs.remaining() > 0 or deadline.remaining() == 0:
                return incomplete.answer  # type: ignore[return-value]  # `load` put an A there; an exception cannot be generic
