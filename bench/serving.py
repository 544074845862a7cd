"""A server of a benchmark in its process: on a free port of the loopback interface, until SIGTERM."""

import asyncio
import signal

import grpc


async def serve_until_stopped(server: grpc.aio.Server) -> None:
    """Prints the address when it accepts calls."""
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    print(f"127.0.0.1:{port}", flush=True)
    await stopped.wait()
    await server.stop(0.5)
