"""The local registry: what it says when services come, leave, die, or somebody meddles with its files."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from mesh.registry.files import Entry, entry_of, write_whole, written
from mesh.registry.local import LocalRegistry
from mesh.registry.port import Instance, RegistryUnavailable

MOVIE = Instance("movie", "movie-1", "127.0.0.1", 5001, version="1.2", zone="a", metadata={"metrics": "127.0.0.1:9100"})
RATING = Instance("rating", "rating-1", "127.0.0.1", 5002)


def ids(instances: frozenset[Instance]) -> set[str]:
    return {instance.instance_id for instance in instances}


@asynccontextmanager
async def watching(registry: LocalRegistry) -> AsyncIterator["Watch"]:
    iterator = registry.watch()
    async with aclosing(iterator):  # type: ignore[type-var]  # the adapter's iterator is an async generator
        yield Watch(iterator)


class Watch:
    def __init__(self, iterator: AsyncIterator[frozenset[Instance]]) -> None:
        self._iterator = iterator

    async def next(self) -> set[str]:
        async with asyncio.timeout(3):
            return ids(await anext(self._iterator))


def waiting_process() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


def dead_process_entry(instance: Instance) -> Entry:
    process = waiting_process()
    entry = entry_of(Instance("movie", instance.instance_id, instance.host, instance.port, metadata={"pid": str(process.pid)}))
    process.communicate(b"\n")
    return entry


async def test_a_watch_tells_of_arrival_and_departure(tmp_path: Path) -> None:
    registry = LocalRegistry(tmp_path, poll=60)  # only the file watch can be in time
    async with watching(registry) as watch:
        assert await watch.next() == set()
        arrival = asyncio.create_task(watch.next())
        await asyncio.sleep(0.2)
        registration = await registry.register(MOVIE)
        assert await arrival == {"movie-1"}
        await registry.register(RATING)
        assert await watch.next() == {"movie-1", "rating-1"}
        await registration.deregister()
        await registration.deregister()
        assert await watch.next() == {"rating-1"}


async def test_a_dead_process_is_not_listed(tmp_path: Path) -> None:
    write_whole(tmp_path / "movie-1.json", written(dead_process_entry(MOVIE)))
    assert await LocalRegistry(tmp_path).snapshot() == frozenset()


async def test_another_process_with_the_same_id_is_not_taken_for_the_dead_one(tmp_path: Path) -> None:
    alive = entry_of(MOVIE)
    write_whole(tmp_path / "movie-1.json", written(Entry(alive.instance, alive.machine, alive.pid, alive.process_start - 100)))
    assert await LocalRegistry(tmp_path).snapshot() == frozenset()


async def test_an_instance_of_another_machine_is_not_judged_by_our_processes(tmp_path: Path) -> None:
    dead = dead_process_entry(MOVIE)
    write_whole(tmp_path / "movie-1.json", written(Entry(dead.instance, "another-machine", dead.pid, dead.process_start)))
    assert ids(await LocalRegistry(tmp_path).snapshot()) == {"movie-1"}


async def test_a_killed_process_leaves_the_watch_without_a_file_change(tmp_path: Path) -> None:
    registry = LocalRegistry(tmp_path, poll=0.1)
    process = waiting_process()
    await registry.register(Instance("movie", "movie-1", "127.0.0.1", 5001, metadata={"pid": str(process.pid)}))
    async with watching(registry) as watch:
        assert await watch.next() == {"movie-1"}
        process.kill()
        assert await watch.next() == set()  # a zombie counts as dead
    process.communicate()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"left": 1}', '{"context": "movie"}', written(entry_of(MOVIE)).decode().replace("127.0.0.1", "localhost")]
)
async def test_a_broken_file_does_not_take_the_rest_down(tmp_path: Path, content: str) -> None:
    registry = LocalRegistry(tmp_path)
    await registry.register(RATING)
    (tmp_path / "broken.json").write_text(content)
    assert ids(await registry.snapshot()) == {"rating-1"}


async def test_a_file_that_breaks_keeps_what_it_said(tmp_path: Path) -> None:
    registry = LocalRegistry(tmp_path, poll=0.1)
    await registry.register(MOVIE)
    async with watching(registry) as watch:
        assert await watch.next() == {"movie-1"}
        (tmp_path / "movie-1.json").write_text("{")
        await registry.register(RATING)
        assert await watch.next() == {"movie-1", "rating-1"}


async def test_a_wiped_directory_empties_nothing_until_the_grace_is_over(tmp_path: Path) -> None:
    registry = LocalRegistry(tmp_path, poll=0.05, grace=0.6)
    await registry.register(MOVIE)
    async with watching(registry) as watch:
        assert await watch.next() == {"movie-1"}
        began = time.monotonic()
        (tmp_path / "movie-1.json").unlink()
        assert await watch.next() == set()
        assert time.monotonic() - began >= 0.5


async def test_a_missing_directory_is_an_error_and_not_an_empty_registry(tmp_path: Path) -> None:
    registry = LocalRegistry(tmp_path / "registry", poll=0.05)
    with pytest.raises(RegistryUnavailable):
        await registry.snapshot()
    async with watching(registry) as watch:
        first = asyncio.create_task(watch.next())
        await asyncio.sleep(0.2)
        assert not first.done()
        # In one step: a directory that is there and empty is an empty registry, if only for a moment.
        await LocalRegistry(tmp_path / "elsewhere").register(MOVIE)
        (tmp_path / "elsewhere").rename(tmp_path / "registry")
        assert await first == {"movie-1"}


async def test_a_directory_made_anew_is_watched_again(tmp_path: Path) -> None:
    directory = tmp_path / "registry"
    registry = LocalRegistry(directory, poll=0.1, grace=0.1)
    await registry.register(MOVIE)
    async with watching(registry) as watch:
        assert await watch.next() == {"movie-1"}
        directory.rename(tmp_path / "moved")
        directory.mkdir()
        assert await watch.next() == set()
        await registry.register(RATING)
        assert await watch.next() == {"rating-1"}


async def test_only_old_leftovers_are_swept(tmp_path: Path) -> None:
    registry = LocalRegistry(tmp_path, grace=0)
    await (await registry.register(MOVIE)).deregister()
    await (await registry.register(RATING)).deregister()
    os.utime(tmp_path / "movie-1.json", (1, 1))
    await registry.snapshot()
    assert os.listdir(tmp_path) == ["rating-1.json"]


@pytest.mark.parametrize("instance_id", ["../x", "a/b", ".hidden", "x" * 200])
async def test_an_id_cannot_lead_out_of_the_directory(tmp_path: Path, instance_id: str) -> None:
    with pytest.raises(ValueError, match="cannot name a file"):
        await LocalRegistry(tmp_path).register(Instance("movie", instance_id, "127.0.0.1", 1))


@pytest.mark.parametrize("bad", [{"host": "localhost"}, {"port": 0}, {"port": 65536}, {"context": ""}, {"instance_id": ""}])
def test_an_instance_that_no_client_could_reach_is_refused(bad: dict[str, object]) -> None:
    fields = {"context": "movie", "instance_id": "movie-1", "host": "127.0.0.1", "port": 1} | bad
    with pytest.raises(ValueError, match=r".+"):
        Instance(**cast("dict[str, str]", fields))  # type: ignore[arg-type]  # wrong values are the point
