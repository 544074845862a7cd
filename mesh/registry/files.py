"""The files of the local registry: how an entry is written and told dead."""

import json
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

from mesh.registry.port import Instance


@dataclass(frozen=True, slots=True)
class Entry:
    """An announced instance and the process that answers for it."""

    instance: Instance
    machine: str
    pid: int
    process_start: float

    def is_dead(self) -> bool:
        """True when the process ran on this machine and is no more."""
        if self.machine != socket.gethostname():
            return False
        try:
            process = psutil.Process(self.pid)
            return process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - self.process_start) > 1.0
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False


def entry_of(instance: Instance) -> Entry:
    """The entry of an instance served by this process, or by the one that its metadata names."""
    pid = int(instance.metadata.get("pid") or os.getpid())
    return Entry(instance, socket.gethostname(), pid, psutil.Process(pid).create_time())


def written(entry: Entry) -> bytes:
    instance = entry.instance
    content = {
        "context": instance.context,
        "instance_id": instance.instance_id,
        "host": instance.host,
        "port": instance.port,
        "version": instance.version,
        "zone": instance.zone,
        "metadata": {**instance.metadata, "pid": str(entry.pid)},
        "address": instance.address,
        "machine": entry.machine,
        "pid": entry.pid,
        "process_start": entry.process_start,
    }
    return json.dumps(content, indent=2).encode()


def farewell(instance: Instance) -> bytes:
    """Written in place of an entry: gone on purpose, in contrast to a file that somebody lost."""
    return json.dumps({"left": instance.instance_id}).encode()


def write_whole(path: Path, content: bytes) -> None:
    """A reader sees the old content or the new one, never a part."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
