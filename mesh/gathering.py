"""What many calls ask for one by one, asked together: one question to another context or to the database instead of many."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import replace
from typing import Generic, NamedTuple, TypeVar

from mesh.call import Call, Deadline, current_call

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Longer than this nothing waits for an answer that is out, however late that is.
PATIENCE_SECONDS = 0.003


class _Asked(NamedTuple, Generic[K, V]):
    key: K
    deadline: Deadline
    context: Context
    answer: "asyncio.Future[V | None]"


class Gathering(Generic[K, V]):
    """`get(key)` is what `load` finds for `key`; None for what it leaves out. `load` is given at most `most` keys, each once.

    Who asks while nothing is out goes at once. Who asks meanwhile goes with the others when the answer is there, after `patience` seconds
    at the latest: the busier a service is, the more goes together, and an idle one is as quick as ever.

    Only calls that are made for nobody in particular go together, with those in the same languages; and no call that is recorded, whose
    trace shows its own way. The question goes out as the first of those who ask, with the time that the most patient one has; each of
    them keeps to its own deadline by itself. When the first leaves, the others ask anew: what goes with a call may end with it. An error
    is everybody's.
    """

    def __init__(self, load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], *, most: int, patience: float = PATIENCE_SECONDS) -> None:
        self._load, self._most, self._patience = load, most, patience
        self._queues: dict[Hashable, _Queue[K, V]] = {}

    async def get(self, key: K) -> V | None:
        call = current_call.get()
        if call is None or not _is_for_everybody(call):
            return (await self._load([key])).get(key)
        languages = call.languages
        queue = self._queues.get(languages)
        if queue is None:
            # Anybody can name other languages: a queue stays as long as somebody is in it.
            queue = _Queue(self._load, self._most, self._patience, lambda: self._queues.pop(languages))
            self._queues[languages] = queue
        return await queue.ask(key, call.deadline)


class _Queue(Generic[K, V]):
    """Those who may go together. `on_empty` is called when the last one has gone: it is not asked again then."""

    def __init__(
        self, load: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], most: int, patience: float, on_empty: Callable[[], object]
    ) -> None:
        self._load, self._most, self._patience, self._on_empty = load, most, patience, on_empty
        self._waiting: list[_Asked[K, V]] = []
        self._out: dict[asyncio.Task[None], list[_Asked[K, V]]] = {}
        self._departure: asyncio.Handle | None = None

    async def ask(self, key: K, deadline: Deadline) -> V | None:
        loop = asyncio.get_running_loop()
        asked: _Asked[K, V] = _Asked(key, deadline, copy_context(), loop.create_future())
        self._waiting.append(asked)
        if len(self._waiting) >= self._most:
            self._depart()
        elif self._departure is None:
            # Whoever asks in the same turn of the loop comes along.
            self._departure = loop.call_later(self._patience, self._depart) if self._out else loop.call_soon(self._depart)
        try:
            return await asked.answer
        except asyncio.CancelledError:
            self._left(asked)
            raise

    def _depart(self) -> None:
        if self._departure is not None:
            self._departure.cancel()
            self._departure = None
        waiting, self._waiting = [asked for asked in self._waiting if not asked.answer.done()], []
        for first in range(0, len(waiting), self._most):
            party = waiting[first : first + self._most]
            task = asyncio.get_running_loop().create_task(self._asked(party), context=party[0].context)
            self._out[task] = party
            task.add_done_callback(self._returned)
        if not self._out:
            self._on_empty()

    async def _asked(self, party: Sequence[_Asked[K, V]]) -> None:
        call = current_call.get()
        assert call is not None  # noqa: S101  # only calls come here
        current_call.set(replace(call, deadline=max((asked.deadline for asked in party), key=lambda deadline: deadline.at)))
        try:
            found = await self._load(list(dict.fromkeys(asked.key for asked in party)))
        except Exception as error:
            for asked in party:
                if not asked.answer.done():
                    asked.answer.set_exception(error)
        else:
            for asked in party:
                if not asked.answer.done():
                    asked.answer.set_result(found.get(asked.key))

    def _returned(self, task: "asyncio.Task[None]") -> None:
        for asked in self._out.pop(task):
            asked.answer.cancel()  # where the task was cancelled from outside; what is answered stays
        if self._waiting or not self._out:
            self._depart()

    def _left(self, asked: _Asked[K, V]) -> None:
        if not asked.answer.cancelled():
            asked.answer.exception()  # came too late, and is not to be reported as an error that nobody looked at
        for task, party in self._out.items():
            if asked in party[:1]:
                self._waiting[:0] = party[1:]
                party.clear()
                task.cancel()
                self._depart()
                return


def _is_for_everybody(call: Call) -> bool:
    return call.principal.is_anonymous and not call.credentials and not call.trace.sampled
