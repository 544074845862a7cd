"""The transports under test. Each serves what a function gives and yields the address.

It is the function that is handed over, not the handlers: a transport that serves in another process calls it there, by its name.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from mesh.transport.grpcio.server import GrpcioServer
from mesh.transport.port import Servable

Methods = Callable[[], Mapping[str, Servable]]


@asynccontextmanager
async def on_grpcio(methods: Methods) -> AsyncIterator[str]:
    server = GrpcioServer(methods(), "127.0.0.1:0")
    await server.start()
    await server.set_serving(True)
    yield server.address
    await server.drain(0)


TRANSPORTS: Mapping[str, Callable[[Methods], AbstractAsyncContextManager[str]]] = {"grpcio": on_grpcio}
