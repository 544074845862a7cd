"""The cache: single flight, bounds, and the guard against loads that an invalidation overtakes."""

import asyncio
from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.cache import Cache
from mesh.errors import DeadlineExceeded


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class UnguardedCache(Cache[str, int]):
    def _is_outdated(self, work: object, tags: frozenset[Hashable]) -> bool:
        return False


class Source:
    """Data that changes while it is being read: a load takes its snapshot first and answers when it is let go."""

    def __init__(self) -> None:
        self.value = 0
        self.loads = 0
        self.release = asyncio.Event()

    async def load(self) -> int:
        self.loads += 1
        snapshot = self.value
        await self.release.wait()
        return snapshot


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_many_callers_share_one_load_and_its_error() -> None:
    cache, source = Cache[str, int](10, 60), Source()
    callers = [asyncio.create_task(cache.get_or_load("a", source.load)) for _ in range(50)]
    await settle()
    source.value = 7
    source.release.set()
    assert await asyncio.gather(*callers) == [0] * 50
    assert source.loads == 1
    assert await cache.get_or_load("a", source.load) == 0
    assert (source.loads, cache.hits, cache.misses) == (1, 1, 50)

    async def broken() -> int:
        await asyncio.sleep(0)
        raise LookupError

    failed = await asyncio.gather(*(cache.get_or_load("b", broken) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in failed] == [LookupError] * 3
    assert await cache.get_or_load("b", source.load) == 7


async def test_a_cancelled_leader_does_not_fail_the_followers() -> None:
    cache, source = Cache[str, int](10, 60), Source()
    leader = asyncio.create_task(cache.get_or_load("a", source.load))
    await settle()
    follower = asyncio.create_task(cache.get_or_load("a", source.load))
    await settle()
    leader.cancel()
    await settle()
    source.release.set()
    assert await follower == 0
    assert leader.cancelled()
    assert source.loads == 1


async def test_a_leader_without_time_left_does_not_fail_the_followers() -> None:
    cache, source = Cache[str, int](10, 60), Source()

    async def hurried() -> int:
        await source.release.wait()
        raise DeadlineExceeded

    leader = asyncio.create_task(cache.get_or_load("a", hurried))
    await settle()
    follower = asyncio.create_task(cache.get_or_load("a", source.load))
    await settle()
    source.release.set()
    assert await follower == 0
    with pytest.raises(DeadlineExceeded):
        await leader


async def test_a_load_that_nobody_waits_for_ends() -> None:
    cache = Cache[str, int](10, 60)
    ended = asyncio.Event()

    async def endless() -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 0

    callers = [asyncio.create_task(cache.get_or_load("a", endless)) for _ in range(2)]
    await settle()
    for caller in callers:
        caller.cancel()
    await asyncio.wait_for(ended.wait(), 1)


async def overtaken(cache: Cache[str, int]) -> int:
    """A load reads 0, the value becomes 1 and is invalidated, the load ends: what does the next caller get?"""
    source = Source()
    early = asyncio.create_task(cache.get_or_load("a", source.load, tags=["tag"]))
    await settle()
    source.value = 1
    cache.invalidate("tag")
    late = asyncio.create_task(cache.get_or_load("a", source.load, tags=["tag"]))
    await settle()
    source.release.set()
    assert await early == 0
    await late
    return await cache.get_or_load("a", source.load, tags=["tag"])


async def test_a_load_overtaken_by_an_invalidation_is_not_kept_nor_given_to_later_callers() -> None:
    assert await overtaken(Cache[str, int](10, 60)) == 1


async def test_without_the_guard_the_stale_value_sticks() -> None:
    """The negative control. The late caller is left out: its own load would hide the stale one."""
    for cache, expected in ((UnguardedCache(10, 60), 0), (Cache[str, int](10, 60), 1)):
        source = Source()
        early = asyncio.create_task(cache.get_or_load("a", source.load, tags=["tag"]))
        await settle()
        source.value = 1
        cache.invalidate("tag")
        source.release.set()
        await early
        assert await cache.get_or_load("a", source.load, tags=["tag"]) == expected


async def test_tags_may_depend_on_the_value_and_invalidate_only_their_entries() -> None:
    cache = Cache[str, tuple[str, ...]](10, 60)

    async def row(*movies: str) -> tuple[str, ...]:
        return movies

    await cache.get_or_load("home", lambda: row("m1", "m2"), tags=lambda movies: movies)
    await cache.get_or_load("top", lambda: row("m3"), tags=lambda movies: movies)
    cache.invalidate("m2")
    assert cache.get("home") is None
    assert cache.get("top") == ("m3",)
    cache.invalidate("top")
    assert len(cache) == 0


async def test_get_many_loads_only_what_is_missing_and_keeps_no_overtaken_value() -> None:
    cache = Cache[str, int](10, 60)
    asked: list[list[str]] = []

    async def load(keys: list[str]) -> dict[str, int]:
        asked.append(keys)
        if len(asked) == 2:
            cache.invalidate("b")
        return {key: len(asked) for key in keys if key != "nothing"}

    assert await cache.get_many(["a", "a", "nothing"], load) == {"a": 1}
    assert await cache.get_many(["a", "b", "c"], load) == {"a": 1, "b": 2, "c": 2}
    assert await cache.get_many(["a", "b", "c"], load) == {"a": 1, "b": 3, "c": 2}
    assert asked == [["a", "nothing"], ["b", "c"], ["b"]]


async def test_entries_are_bounded_and_grow_old() -> None:
    clock = Clock()
    cache = Cache[int, int](100, 10, clock=clock)

    async def load(key: int) -> int:
        return key

    for key in range(150):
        await cache.get_or_load(key, lambda key=key: load(key))  # type: ignore[misc]  # mypy cannot type a default of a lambda
        cache.get(0)
    assert len(cache) == 100
    assert cache.get(0) == 0, "used all the time, so it stays"
    assert cache.get(1) is None
    assert len(cache._keys_by_tag) == 100
    clock.now = 10
    assert all(cache.get(key) is None for key in range(150))


async def test_clear_also_reaches_loads_at_work() -> None:
    cache, source = Cache[str, int](10, 60), Source()
    early = asyncio.create_task(cache.get_or_load("a", source.load))
    await settle()
    cache.clear()
    source.release.set()
    await early
    assert len(cache) == 0


Step = tuple[str, int]
_steps = st.lists(st.tuples(st.sampled_from(["read", "finish", "write", "clear", "drop"]), st.integers(0, 2)), max_size=40)


@given(_steps)
def test_whatever_the_order_nobody_reads_what_was_invalidated_before_they_asked(steps: list[Step]) -> None:
    asyncio.run(play(steps))


async def play(steps: list[Step]) -> None:
    cache = Cache[int, int](2, 60)
    truth = [0, 0, 0]
    gates: list[asyncio.Event] = []
    reads: list[tuple[int, asyncio.Task[int]]] = []

    async def load(key: int) -> int:
        snapshot, gate = truth[key], asyncio.Event()
        gates.append(gate)
        await gate.wait()
        return snapshot

    for kind, key in steps:
        if kind == "read":
            reads.append((truth[key], asyncio.create_task(cache.get_or_load(key, lambda key=key: load(key), tags=[f"t{key}"]))))  # type: ignore[misc]  # as above
        elif kind == "finish" and key < len(gates):
            gates[-1 - key].set()
        elif kind == "write":
            truth[key] += 1
            cache.invalidate(f"t{key}")
        elif kind == "clear":
            cache.clear()
        elif kind == "drop" and key < len(reads):
            reads[-1 - key][1].cancel()
        await settle()
        assert len(cache) <= 2
    while not all(task.done() for _, task in reads):
        for gate in gates:
            gate.set()
        await settle()
    for at_least, task in reads:
        assert task.cancelled() or task.result() >= at_least


def test_what_needs_no_waiting_is_made_at_once_and_kept_until_it_is_invalidated() -> None:
    cache, made = Cache[str, int](10, 60.0), iter(range(10))
    assert [cache.get_or_make("a", lambda: next(made)) for _ in range(3)] == [0, 0, 0]
    assert (cache.hits, cache.misses) == (2, 1)
    cache.invalidate("a")
    assert cache.get_or_make("a", lambda: next(made)) == 1
