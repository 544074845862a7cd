"""`python -m stack.probe URL`: exit code 0 when what listens there is well; the health check of our containers.

`grpc://host:port` asks the standard health service, `grpc://name@host:port` the one of a process with that name in its certificate, by the
certificate that `REELMESH_TLS_DIR` names. `http://…` wants a 2xx answer, `tcp://host:port` only a connection, `file:///path` a change
within the last half minute.
"""

import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from stack.channels import own_channels
from stack.health import grpc_serving
from stack.servers.command import accepts

_SECONDS = 3
_STALE_SECONDS = 30


def is_well(url: str) -> bool:
    """ValueError for a URL of another kind."""
    parts = urlsplit(url)
    if parts.scheme == "grpc":
        return grpc_serving(parts.netloc, own_channels())
    if parts.scheme == "tcp":
        return accepts(parts.netloc)
    if parts.scheme == "file":
        return _changed_lately(Path(parts.path))
    if parts.scheme != "http":
        raise ValueError(f"{url!r} is neither grpc://, http://, tcp:// nor file://")
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:  # noqa: S310  # the scheme has just been looked at
            return 200 <= int(answer.status) < 300
    except OSError:
        return False


def _changed_lately(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime < _STALE_SECONDS
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    sys.exit(not is_well(sys.argv[1]))
