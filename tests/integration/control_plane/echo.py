"""`python -m tests.integration.control_plane.echo REGISTRY_DIR INSTANCE_ID`: a service without a contract that answers with its own id."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import grpc

from mesh.registry.local import LocalRegistry
from mesh.registry.port import Instance

METHOD = "/test.Echo/Get"


async def serve(directory: Path, instance_id: str) -> None:
    async def answer(request: bytes, context: object) -> bytes:
        await asyncio.sleep(0.002)
        return instance_id.encode()

    server = grpc.aio.server()
    handler: Any = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {"Get": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    registration = await LocalRegistry(directory).register(Instance("echo", instance_id, "127.0.0.1", port))
    await stop.wait()
    await registration.deregister()
    await asyncio.sleep(0.5)  # until the last client knows
    await server.stop(5)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), sys.argv[2]))
