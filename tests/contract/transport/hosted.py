"""The methods under test as an application for Envoy: `tests.contract.transport.hosted:app`."""

import asyncio
from typing import Any

from mesh.transport.envoy.host import Host
from mesh.transport.envoy.termination import Termination
from tests.contract.transport.probe import probe_methods

_state: dict[str, Any] = {}


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await _state["host"](scope, receive, send)
        return
    await receive()
    termination = Termination()
    _state["host"] = host = Host(probe_methods())
    await host.set_serving(True)
    _state["end"] = asyncio.create_task(_end(host, termination))
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _end(host: Host, termination: Termination) -> None:
    await termination.requested.wait()
    await host.finish(2)
    termination.release()
