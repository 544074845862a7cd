"""What holds for every registry."""

import asyncio
from contextlib import ExitStack

import pytest

from mesh.registry.port import Instance, RegistryUnavailable
from tests.contract.registry.conftest import Alive
from tests.contract.registry.serving import serving_process
from tests.contract.registry.watching import watching
from tests.contract.registry.worlds import World


async def test_a_registered_instance_is_read_back_with_every_field(world: World, alive: Alive) -> None:
    registration = await world.registry().register(alive("movie-1"))
    (found,) = await world.registry().snapshot()
    wanted = alive("movie-1")
    for field in ("context", "instance_id", "host", "port", "version", "zone"):
        assert getattr(found, field) == getattr(wanted, field)
    assert found.metadata["metrics"] == "127.0.0.1:9100"
    await registration.deregister()
    assert await world.registry().snapshot() == frozenset()


async def test_a_watch_tells_of_arrival_and_departure(world: World, alive: Alive) -> None:
    registry = world.registry()
    async with watching(registry) as watch:
        await watch.until()
        movie = await registry.register(alive("movie-1"))
        await watch.until("movie-1")
        rating = await registry.register(alive("rating-1"))
        await watch.until("movie-1", "rating-1")
        await movie.deregister()
        await movie.deregister()
        await watch.until("rating-1")
        await rating.deregister()
        await watch.until()


async def test_a_watch_that_begins_late_and_a_second_one_see_the_same(world: World, alive: Alive) -> None:
    registration = await world.registry().register(alive("movie-1"))
    async with watching(world.registry()) as first, watching(world.registry()) as second:
        await first.until("movie-1")
        await second.until("movie-1")
        assert first.views == second.views == [{"movie-1"}]
        await registration.deregister()
        await first.until()
        await second.until()


async def test_an_instance_of_the_same_id_takes_the_place_of_the_one_before(world: World, alive: Alive) -> None:
    before = await world.registry().register(alive("movie-1", version="1"))
    async with watching(world.registry()) as watch:
        await watch.until("movie-1")
        after = await world.registry().register(alive("movie-1", version="2"))
        await watch.until_true(lambda: [instance.version for instance in watch.last] == ["2"])
    await after.deregister()
    await before.deregister()


async def test_a_killed_process_leaves(world: World, alive: Alive) -> None:
    staying = await world.registry().register(alive("movie-1"))
    with serving_process() as (port, process):
        killed = Instance("movie", "movie-2", "127.0.0.1", port, metadata={"pid": str(process.pid)})
        registration = await world.registry().register(killed)
        async with watching(world.registry()) as watch:
            await watch.until("movie-1", "movie-2")
            process.kill()
            await watch.until("movie-1")
    await registration.deregister()
    await staying.deregister()


async def test_while_it_is_away_it_cannot_be_read_and_a_watch_says_nothing(world: World, alive: Alive) -> None:
    registry = world.registry()
    movie = await registry.register(alive("movie-1"))
    async with watching(registry) as watch:
        await watch.until("movie-1")
        with world.away():
            with pytest.raises(RegistryUnavailable):
                await world.registry().snapshot()
            await asyncio.sleep(0.5)
        rating = await registry.register(alive("rating-1"))
        await watch.until("movie-1", "rating-1")
        assert watch.views == [{"movie-1"}, {"movie-1", "rating-1"}]
    await movie.deregister()
    await rating.deregister()


async def test_a_watch_waits_for_one_that_is_away_at_first(world: World, alive: Alive) -> None:
    with ExitStack() as away:
        away.enter_context(world.away())
        async with watching(world.registry()) as watch:
            await asyncio.sleep(0.3)
            assert watch.views == []
            away.close()
            registration = await world.registry().register(alive("movie-1"))
            await watch.until("movie-1")
            await registration.deregister()
