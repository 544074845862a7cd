"""Which build runs here, for operators."""

import platform
from dataclasses import dataclass
from importlib import metadata

import psutil
from prometheus_client import Gauge

_info = Gauge(
    "reelmesh_build_info",
    "1 for what runs in this process",
    ["context", "instance_id", "version", "release", "commit", "python", "transport"],
)
_DISTRIBUTION = "reelmesh"


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """`version` is what the instance registers with, `release` the package's, `started` when the process began, seconds since the
    epoch."""

    context: str
    instance_id: str
    version: str
    commit: str
    transport: str
    release: str
    python: str
    started: float

    @classmethod
    def here(cls, context: str, instance_id: str, *, version: str, commit: str, transport: str) -> "BuildInfo":
        return cls(context, instance_id, version, commit, transport, release(), platform.python_version(), psutil.Process().create_time())

    def publish(self) -> None:
        """From now on it is among the metrics."""
        labels = (self.context, self.instance_id, self.version, self.release, self.commit, self.python, self.transport)
        _info.labels(*labels).set(1)


def release() -> str:
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:  # run from a tree that is not installed
        return "0.0.0"
