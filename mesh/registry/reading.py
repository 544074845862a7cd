"""The files of the local registry, read back: every field checked."""

import json

from pydantic import BaseModel, ConfigDict

from mesh.registry.files import Entry
from mesh.registry.port import Instance


class _Content(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    context: str
    instance_id: str
    host: str
    port: int
    version: str
    zone: str
    metadata: dict[str, str]
    address: str
    machine: str
    pid: int
    # A process id alone may belong to somebody else by now.
    process_start: float


class _Left(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    left: str


def read(content: bytes) -> Entry | None:
    """An entry, or None for one that has left. Raises ValueError for anything else."""
    if "left" in json.loads(content):
        _Left.model_validate_json(content)
        return None
    found = _Content.model_validate_json(content)
    fields = found.model_dump(include={"context", "instance_id", "host", "port", "version", "zone", "metadata"})
    return Entry(Instance(**fields), found.machine, found.pid, found.process_start)
