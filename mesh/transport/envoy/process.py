"""A service process in Envoy: `become_host` turns `python -m <context>_service` into it, `app` is what Envoy then runs."""

import asyncio
import faulthandler
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn

import structlog

from mesh.control_plane.envoy_tls import EnvoyTls
from mesh.server import RunningService, StartFailed, prepare_process
from mesh.settings import Settings, checked_settings, host_and_port, written_settings
from mesh.transport.envoy.admin import Admin
from mesh.transport.envoy.bootstrap import bootstrap
from mesh.transport.envoy.host import Host
from mesh.transport.envoy.launch import ADMIN_ADDRESS_FILE, HostMissing, become
from mesh.transport.envoy.termination import Termination
from mesh.transport.envoy.transport import HostedServer, HostedTransport

_SERVICE = "REELMESH_HOSTED_SERVICE"
_log = structlog.get_logger("mesh.server")

_host: Host | None = None
_life: asyncio.Task[None] | None = None


def become_host(context: str, build: Callable[..., Any], settings: Settings) -> NoReturn:
    """Raises StartFailed for what is wrong before Envoy could say it less readably."""
    _require_free(context, settings.listen)
    node = settings.instance_name(context)
    service = {"context": context, "build": f"{build.__module__}:{build.__qualname__}", "settings": written_settings(settings)}
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
        become(configuration, directory / "admin", {_SERVICE: json.dumps(service)})
    except (HostMissing, ImportError) as error:
        raise StartFailed(f"{context}: {error}") from error


async def app(scope: dict[str, Any], receive: Callable[[], Any], send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    global _host, _life
    if scope["type"] == "http":
        assert _host is not None  # noqa: S101  # Envoy listens after start-up
        await _host(scope, receive, send)
        return
    await receive()
    termination = Termination()
    try:
        service, server = await _prepared(termination)
    except StartFailed as error:
        _exit(str(error))
    except Exception as error:  # Envoy would tell it as a stack trace and its whole configuration
        _log.exception("cannot start")
        _exit(f"cannot start: {type(error).__name__}: {error}")
    _host = server.host
    _life = asyncio.create_task(_live(service, termination))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _prepared(termination: Termination) -> tuple[RunningService, HostedServer]:
    """The service with its database and handlers, before Envoy listens."""
    described = json.loads(os.environ[_SERVICE])
    settings = checked_settings(described["settings"])
    prepare_process(described["context"], settings)
    module, _, name = described["build"].partition(":")
    transport = HostedTransport(Admin.of_this_process(), settings.identity)
    service = RunningService(described["context"], getattr(importlib.import_module(module), name), settings, transport=transport)
    preparing = asyncio.ensure_future(service.prepare())
    stopping = asyncio.ensure_future(termination.requested.wait())
    await asyncio.wait([preparing, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not preparing.done():
        _exit("")  # asked to go before it was there
    stopping.cancel()
    server = preparing.result()
    assert isinstance(server, HostedServer)  # noqa: S101  # our transport made it
    return service, server


async def _live(service: RunningService, termination: Termination) -> None:
    """From the open listener to the end of the process."""
    try:
        await service.serve()
    except StartFailed as error:
        _exit(str(error))
    # Envoy has read what was written for it, and follows the certificates themselves.
    shutil.rmtree(Path(os.environ[ADMIN_ADDRESS_FILE]).parent, ignore_errors=True)
    gc.freeze()  # what is there now stays for ever; the collector need not look at it again
    faulthandler.register(signal.SIGUSR1)  # the stacks of all threads into the log; only now, since Envoy had taken the signal
    waiting = asyncio.ensure_future(termination.requested.wait())
    failing = asyncio.ensure_future(service.failed_background())
    await asyncio.wait([waiting, failing], return_when=asyncio.FIRST_COMPLETED)
    await service.drain()
    if failing.done() and not termination.requested.is_set():
        reason = failing.exception()
        _log.error("work beside the calls has ended", exc_info=reason)
        _exit(f"{type(reason).__name__}: {reason}")
    termination.release()


def _exit(reason: str) -> NoReturn:
    """At once: Envoy would say a stack trace more, and there is nothing of it to end in order."""
    if reason:
        print(reason, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if reason else 0)


def _require_free(context: str, listen: str) -> None:
    try:
        host, port = host_and_port(listen)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, ValueError) as error:
        raise StartFailed(f"{context}: cannot listen on {listen}: {error}") from error
