"""A gRPC server that answers health checks: in this process, or as `python -m tests.contract.registry.serving` until its input ends."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

SetServing = Callable[[bool], Awaitable[None]]


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[int, SetServing]]:
    """Its port, and what changes its health; SERVING at first."""
    server = grpc.aio.server()
    servicer = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")

    async def set_serving(serves: bool) -> None:
        status = health_pb2.HealthCheckResponse
        await servicer.set("", status.SERVING if serves else status.NOT_SERVING)

    await set_serving(True)
    await server.start()
    try:
        yield port, set_serving
    finally:
        await server.stop(0)


@contextmanager
def serving_process() -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Its port, and the process, which a test may kill."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process
    finally:
        process.kill()
        process.communicate()


async def _main() -> None:
    async with serving() as (port, _):
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main())
