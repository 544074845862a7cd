"""`python -m tests.integration.control_plane.echo REGISTRY_DIR INSTANCE_ID [ZONE [VERSION]]`: a service without a contract that answers
with its own id. SIGUSR1 makes it answer UNAVAILABLE, SIGUSR2 2 s late, a second one ends that; its method Count tells the attempts."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import grpc

from mesh.registry.local import LocalRegistry
from mesh.registry.port import Instance

METHOD = "/test.Echo/Get"
COUNT = "/test.Echo/Count"
LATE = 2.0


async def serve(directory: Path, instance_id: str, zone: str = "local", version: str = "") -> None:
    attempts = 0
    broken = late = False

    def break_or_mend() -> None:
        nonlocal broken
        broken = not broken

    def delay_or_hurry() -> None:
        nonlocal late
        late = not late

    async def answer(request: bytes, context: Any) -> bytes:
        nonlocal attempts
        attempts += 1
        if broken:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "broken")
        await asyncio.sleep(LATE if late else 0.002)
        return instance_id.encode()

    async def count(request: bytes, context: object) -> bytes:
        return str(attempts).encode()

    server = grpc.aio.server()
    methods: Any = {"Get": grpc.unary_unary_rpc_method_handler(answer), "Count": grpc.unary_unary_rpc_method_handler(count)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number, handle in ((signal.SIGTERM, stop.set), (signal.SIGUSR1, break_or_mend), (signal.SIGUSR2, delay_or_hurry)):
        loop.add_signal_handler(number, handle)
    registration = await LocalRegistry(directory).register(Instance("echo", instance_id, "127.0.0.1", port, version, zone))
    await stop.wait()
    await registration.deregister()
    await asyncio.sleep(0.5)  # until the last client knows
    await server.stop(5)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), *sys.argv[2:]))
