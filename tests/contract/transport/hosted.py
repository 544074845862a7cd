"""The methods under test as an application for Envoy: `tests.contract.transport.hosted:app`."""

import asyncio
import os
from pathlib import Path
from typing import Any

from mesh.environment import read_settings
from mesh.tls.settings import TlsSettings
from mesh.transport.envoy.admin import Admin
from mesh.transport.envoy.termination import Termination
from mesh.transport.envoy.transport import HostedServer
from tests.contract.transport.methods import methods_under_test

_state: dict[str, Any] = {}


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await _state["server"].host(scope, receive, send)
        return
    await receive()
    termination = Termination()
    tls = read_settings(TlsSettings, os.environ)
    _state["server"] = server = HostedServer(methods_under_test(tls), Admin.of_this_process(), tls.identity)
    _state["life"] = asyncio.create_task(_live(server, termination))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _live(server: HostedServer, termination: Termination) -> None:
    await server.start()
    await server.set_serving(True)
    await asyncio.to_thread(Path(os.environ["ADDRESS_FILE"]).write_text, server.address)
    await termination.requested.wait()
    await server.set_serving(False)
    await server.drain(2)
    termination.release()
