"""What runs in a service's Envoy: `app` is the service, from its start to its end, and takes its calls."""

import asyncio
import faulthandler
import json
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn

import structlog

from mesh.server import RunningService, loaded, prepare_process, rest_collector
from mesh.settings import checked_settings
from mesh.starting import MigrationFailed, StartFailed, migrated
from mesh.transport.envoy.admin import Admin
from mesh.transport.envoy.host import Host
from mesh.transport.envoy.launch import ADMIN_ADDRESS_FILE, SERVICE
from mesh.transport.envoy.termination import Termination
from mesh.transport.envoy.transport import HostedServer, HostedTransport
from mesh.transport.port import Server

_log = structlog.get_logger("mesh.server")

_host: Host | None = None
_life: asyncio.Task[None] | None = None


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
    except MigrationFailed:
        _exit()
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
    described = json.loads(os.environ[SERVICE])
    settings = checked_settings(described["settings"])
    prepare_process(described["context"], settings)
    transport = HostedTransport(Admin.of_this_process(), settings.identity)
    service = RunningService(described["context"], loaded(described["build"]), settings, transport=transport)
    preparing = asyncio.ensure_future(_prepared_database_and(service, described["migrating"]))
    stopping = asyncio.ensure_future(termination.requested.wait())
    await asyncio.wait([preparing, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not preparing.done():
        _exit(code=0)  # asked to go before it was there
    stopping.cancel()
    server = preparing.result()
    assert isinstance(server, HostedServer)  # noqa: S101  # our transport made it
    return service, server


async def _prepared_database_and(service: RunningService, migrating: int) -> Server:
    await migrated(migrating)
    return await service.prepare()


async def _live(service: RunningService, termination: Termination) -> None:
    """From the open listener to the end of the process."""
    try:
        await service.serve()
    except StartFailed as error:
        _exit(str(error))
    # Envoy has read what was written for it, and follows the certificates themselves.
    shutil.rmtree(Path(os.environ[ADMIN_ADDRESS_FILE]).parent, ignore_errors=True)
    rest_collector()
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


def _exit(reason: str = "", *, code: int = 1) -> NoReturn:
    """At once: Envoy would say a stack trace more, and there is nothing of it to end in order."""
    if reason:
        print(reason, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
