"""A registry for one machine: a directory with one JSON file for each instance."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

import structlog

from mesh.registry.files import Entry, entry_of, farewell, write_whole, written
from mesh.registry.port import Instance, Registration, RegistryUnavailable

_log = structlog.get_logger(__name__)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class LocalRegistry:
    """Entries of dead processes are left out. A file that somebody removed while its process lives counts for `grace` seconds more.

    `poll` seconds bound how late a death is seen (no file changes then); it is the safety net of the file watch too.
    """

    def __init__(self, directory: Path, *, poll: float = 1.0, grace: float = 30.0) -> None:
        self._directory = directory
        self._poll = poll
        self._grace = grace

    async def register(self, instance: Instance) -> Registration:
        if not _ID.fullmatch(instance.instance_id):
            raise ValueError(f"{instance.instance_id!r} cannot name a file")
        path = self._directory / f"{instance.instance_id}.json"
        await asyncio.to_thread(_write, path, written(entry_of(instance)))
        return _FileRegistration(path, instance)

    async def snapshot(self) -> frozenset[Instance]:
        return await asyncio.to_thread(_View(self._directory, self._grace).instances)

    async def watch(self) -> AsyncIterator[frozenset[Instance]]:
        view = _View(self._directory, self._grace)
        last: frozenset[Instance] | None = None
        blind = False
        async with aclosing(self._wake_ups()) as wake_ups:
            async for _ in wake_ups:
                try:
                    instances = await asyncio.to_thread(view.instances)
                except RegistryUnavailable as error:
                    if not blind:
                        _log.warning("the registry cannot be read, what is known is kept", error=str(error))
                    blind = True
                    continue
                blind = False
                if instances != last:
                    last = instances
                    yield instances

    async def _wake_ups(self) -> AsyncGenerator[None, None]:
        """At once, then after each change in the directory and at least every `poll` seconds."""
        from watchfiles import awatch  # not loaded by services, which only register

        milliseconds = max(1, int(self._poll * 1000))
        while True:
            yield
            inode = _inode(self._directory)
            if inode is None:
                await asyncio.sleep(self._poll)
                continue
            changes = awatch(self._directory, debounce=20, step=10, rust_timeout=milliseconds, yield_on_timeout=True, recursive=False)
            try:
                async with aclosing(changes):
                    async for _ in changes:
                        yield
                        if _inode(self._directory) != inode:
                            break  # another directory of that name: watch that one
            except OSError as error:  # no watch to be had: the poll remains
                _log.warning("the registry directory cannot be watched", error=str(error))
                await asyncio.sleep(self._poll)


class _FileRegistration:
    def __init__(self, path: Path, instance: Instance) -> None:
        self._path, self._instance = path, instance
        self._left = False

    async def deregister(self) -> None:
        if not self._left:
            await asyncio.to_thread(_write, self._path, farewell(self._instance))
            self._left = True


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise RegistryUnavailable(f"{path.name} cannot be written: {error}") from error


def _inode(directory: Path) -> int | None:
    try:
        return directory.stat().st_ino
    except OSError:
        return None


class _View:
    """What one watcher has seen, so that it can tell a departure from a loss."""

    def __init__(self, directory: Path, grace: float) -> None:
        self._directory, self._grace = directory, grace
        self._known: dict[str, Entry] = {}
        self._lost_at: dict[str, float] = {}
        self._broken: set[str] = set()

    def instances(self) -> frozenset[Instance]:
        try:
            paths = [path for path in sorted(self._directory.iterdir()) if path.suffix == ".json" and not path.name.startswith(".")]
        except OSError as error:
            raise RegistryUnavailable(str(error)) from error
        found: dict[str, Entry] = {}
        present: set[str] = set()
        for path in paths:
            present.add(path.name)
            entry = self._read(path)
            if entry is not None and not entry.is_dead():
                found[path.name] = entry
            elif entry is not None or path.name not in self._broken:
                self._sweep(path)
        self._known = found | self._lost(present)
        return frozenset(entry.instance for entry in self._known.values())

    def _read(self, path: Path) -> Entry | None:
        from mesh.registry.reading import read  # not loaded by services, which only register

        try:
            entry = read(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            if path.name not in self._broken:
                _log.warning("a registry file is skipped", file=path.name, error=str(error))
            self._broken.add(path.name)
            return self._known.get(path.name)
        self._broken.discard(path.name)
        return entry

    def _lost(self, present: set[str]) -> dict[str, Entry]:
        """Entries whose file vanished without a farewell while their process lives."""
        now = time.monotonic()
        missing = {name: entry for name, entry in self._known.items() if name not in present and not entry.is_dead()}
        self._lost_at = {name: self._lost_at.get(name, now) for name in missing}
        return {name: entry for name, entry in missing.items() if now - self._lost_at[name] < self._grace}

    def _sweep(self, path: Path) -> None:
        """Removes what has been dead or gone for a while; young files stay, since their name may be in use again this moment."""
        try:
            if time.time() - path.stat().st_mtime > max(60.0, self._grace):
                path.unlink()
        except OSError:
            return  # somebody else swept it
