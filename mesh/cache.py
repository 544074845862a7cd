"""Answers kept in the process until an event invalidates them."""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from prometheus_client import Counter

from mesh.errors import DeadlineExceeded

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Tags: TypeAlias = Iterable[Hashable] | Callable[[V], Iterable[Hashable]]

_hits = Counter("reelmesh_cache_hits_total", "Answers found in the cache", ["cache"])
_misses = Counter("reelmesh_cache_misses_total", "Answers that had to be loaded", ["cache"])


class _Entry(NamedTuple, Generic[V]):
    value: V
    expires: float
    tags: frozenset[Hashable]


class _Load(Generic[K, V]):
    """A load at work, and what was invalidated since it began."""

    def __init__(self, keys: Sequence[K], tags: frozenset[Hashable] | None) -> None:
        self.keys = keys
        self.tags = tags  # None: known only when the value is
        self.invalidated: set[Hashable] = set()
        self.cleared = False
        self.waiting = 0
        self.task: asyncio.Task[V] | None = None

    def may_carry(self, tag: Hashable) -> bool:
        return self.tags is None or tag in self.tags or tag in self.keys


class Cache(Generic[K, V]):
    """At most `max_entries`, the least recently used one leaves; each lives `ttl` seconds, shortened at random by up to a tenth so that
    entries made together do not end together.

    A value whose load began before an invalidation of one of its tags is returned but never kept, and nobody who asks after the
    invalidation is given it: otherwise a slow load would bring back what an event has just removed. Every entry carries its key as a tag.
    Values are never None.
    """

    def __init__(self, max_entries: int, ttl: float, *, name: str = "cache", clock: Callable[[], float] = time.monotonic) -> None:
        self._max_entries = max_entries
        self._ttl = ttl
        self._clock = clock
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._keys_by_tag: dict[Hashable, set[K]] = {}
        self._at_work: dict[K, _Load[K, V]] = {}
        self._loads: set[_Load[K, V]] = set()
        self.hits = 0
        self.misses = 0
        self._hit_metric = _hits.labels(name)
        self._miss_metric = _misses.labels(name)

    def __len__(self) -> int:
        return len(self._entries)

    def ready(self, key: K) -> V | None:
        """The value, if it is here and not too old. It counts hits only: who misses goes on to `get_or_load`, which counts that."""
        entry = self._entries.get(key)
        if entry is None or entry.expires <= self._clock():
            return None
        self._entries.move_to_end(key)
        self.hits += 1
        self._hit_metric.inc()
        return entry.value

    def get(self, key: K) -> V | None:
        """The value, if it is here and not too old."""
        value = self.ready(key)
        if value is None:
            self.misses += 1
            self._miss_metric.inc()
        return value

    async def get_or_load(self, key: K, load: Callable[[], Awaitable[V]], *, tags: Tags[V] = ()) -> V:
        """The value, loaded by one caller for all who wait for it.

        `tags` are those of the entry, or a function of the value that gives them. Errors go to everyone who waits and are not kept; the
        load ends when nobody waits for it any more, not when the one who began it leaves or has no time left.
        """
        while True:
            found = self.get(key)
            if found is not None:
                return found
            running = self._at_work.get(key)
            work = running or self._begin(key, load, tags)
            try:
                return await self._wait(work)
            except DeadlineExceeded:
                if running is None:
                    raise
                # It was the deadline of the one who began; ours may be later, so begin anew.

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """The value, made at once where nothing has to be waited for: no task, and nobody who could wait for the same."""
        value = self.get(key)
        if value is None:
            value = make()
            self._keep(_Load((key,), frozenset()), key, value, ())
        return value

    async def get_many(self, keys: Iterable[K], load: Callable[[list[K]], Awaitable[Mapping[K, V]]], *, tags: Tags[V] = ()) -> dict[K, V]:
        """Those of `keys` that exist; `load` is called once with the missing ones and may leave some out, which are not remembered."""
        found: dict[K, V] = {}
        missing: list[K] = []
        for key in dict.fromkeys(keys):
            value = self.get(key)
            if value is None:
                missing.append(key)
            else:
                found[key] = value
        if missing:
            work: _Load[K, V] = _Load(missing, None)
            self._loads.add(work)
            try:
                loaded = await load(missing)
            finally:
                self._loads.discard(work)
            for key, value in loaded.items():
                self._keep(work, key, value, tags)
            found.update(loaded)
        return found

    def invalidate(self, tag: Hashable) -> None:
        """Forgets every entry that carries `tag`, also those that are being loaded now."""
        for key in self._keys_by_tag.pop(tag, ()):
            self._remove(key)
        for work in self._loads:
            if work.may_carry(tag):
                work.invalidated.add(tag)
                self._detach(work)

    def clear(self) -> None:
        """Forgets everything, also what is being loaded now."""
        self._entries.clear()
        self._keys_by_tag.clear()
        self._at_work.clear()
        for work in self._loads:
            work.cleared = True

    def _begin(self, key: K, load: Callable[[], Awaitable[V]], tags: Tags[V]) -> _Load[K, V]:
        static = None if callable(tags) else frozenset(tags)
        work: _Load[K, V] = _Load((key,), static)
        self._at_work[key] = work
        self._loads.add(work)
        work.task = asyncio.create_task(self._run(work, key, load, tags if static is None else static))
        return work

    async def _run(self, work: _Load[K, V], key: K, load: Callable[[], Awaitable[V]], tags: Tags[V]) -> V:
        try:
            value = await load()
            self._keep(work, key, value, tags)
            return value
        finally:
            self._loads.discard(work)
            self._detach(work)

    async def _wait(self, work: _Load[K, V]) -> V:
        assert work.task is not None  # noqa: S101  # _begin made it
        work.waiting += 1
        try:
            return await asyncio.shield(work.task)
        finally:
            work.waiting -= 1
            if not work.waiting and not work.task.done():
                self._detach(work)
                work.task.cancel()

    def _detach(self, work: _Load[K, V]) -> None:
        for key in work.keys:
            if self._at_work.get(key) is work:
                del self._at_work[key]

    def _keep(self, work: _Load[K, V], key: K, value: V, tags: Tags[V]) -> None:
        carried = frozenset((key, *(tags(value) if callable(tags) else tags)))
        if self._is_outdated(work, carried):
            return
        self._remove(key)
        self._entries[key] = _Entry(value, self._clock() + self._ttl * random.uniform(0.9, 1.0), carried)  # noqa: S311  # not a secret
        for tag in carried:
            self._keys_by_tag.setdefault(tag, set()).add(key)
        while len(self._entries) > self._max_entries:
            self._remove(next(iter(self._entries)))

    def _is_outdated(self, work: _Load[K, V], tags: frozenset[Hashable]) -> bool:
        return work.cleared or not work.invalidated.isdisjoint(tags)

    def _remove(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        for tag in entry.tags:
            keys = self._keys_by_tag.get(tag)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._keys_by_tag[tag]
