"""Handlers on a `grpc.aio` server, with the standard health and reflection services."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

import grpc
from google.rpc import status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from grpc_status import rpc_status

from mesh.handlers import CallFailed, Incoming
from mesh.settings import host_and_port
from mesh.tls.grpc_credentials import caller_name, listening_port
from mesh.tls.identity import Identity
from mesh.transport.port import MAX_MESSAGE_BYTES, Servable, described
from mesh.transport.reflected import reflected_pool

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", 128 * 1024),
    ("grpc.so_reuseport", 0),  # a second process on the same port is a mistake, not a load balancer
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
)

Context = grpc.aio.ServicerContext[Any, Any]


class GrpcioServer:
    """Serves `handlers` by path; `listen` is host:port, `address` the same with the port that was chosen. With an `identity`: to callers
    with a certificate."""

    def __init__(self, handlers: Mapping[str, Servable], listen: str, identity: Identity | None = None) -> None:
        self._handlers = handlers
        self._listen = listen
        self._identity = identity
        self.address = ""
        self.described: Mapping[str, str] = {"transport": "grpcio", **described(identity)}
        self._server = grpc.aio.server(options=_OPTIONS)
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        self._services = add_services(self._server, handlers, health.SERVICE_NAME, identity=identity)

    async def start(self) -> None:
        """Bind and accept calls; health answers NOT_SERVING until `set_serving`."""
        host, _ = host_and_port(self._listen)
        await self.set_serving(False)
        port = listening_port(self._server, self._listen, self._identity)
        await self._server.start()
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def set_serving(self, serving: bool) -> None:
        """The health of the server as a whole (the empty name) and of each of its services."""
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", *self._services):
            await self._health.set(service, status)

    async def drain(self, grace: float) -> None:
        """No new calls; running ones get `grace` seconds, then they are cancelled."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace)


def add_services(
    server: grpc.aio.Server, handlers: Mapping[str, Servable], *others: str, identity: Identity | None = None
) -> Sequence[str]:
    """Lets `server` serve `handlers`, and reflection that names them and `others`. Returns the names of the services."""
    services = sorted({handler.policy.service for handler in handlers.values()})
    for service in services:
        served = [handler for handler in handlers.values() if handler.policy.service == service]
        methods = {handler.policy.method: _method_handler(handler, identity) for handler in served}
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
    reflection.enable_server_reflection([*services, *others, reflection.SERVICE_NAME], server, reflected_pool())
    return services


def _method_handler(handler: Servable, identity: Identity | None) -> "grpc.RpcMethodHandler[Any, Any]":
    policy = handler.policy
    make: dict[tuple[bool, bool], Callable[..., grpc.RpcMethodHandler[Any, Any]]] = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    behaviour = _stream_behaviour(handler, identity) if policy.server_streaming else _unary_behaviour(handler, identity)
    return make[policy.client_streaming, policy.server_streaming](behaviour)


def _unary_behaviour(handler: Servable, identity: Identity | None) -> Callable[[Any, Context], Awaitable[bytes | None]]:
    async def answer(payload: Any, context: Context) -> bytes | None:
        incoming = _incoming(context, identity)
        try:
            message = await handler.unary(payload, incoming)
            if incoming.leading:
                await context.send_initial_metadata(tuple(incoming.leading))
            return message
        except CallFailed as failed:
            await _abort(context, failed.status, incoming)
            return None  # abort has raised
        finally:
            if incoming.trailing:
                context.set_trailing_metadata(tuple(incoming.trailing))

    return answer


def _stream_behaviour(handler: Servable, identity: Identity | None) -> Callable[[Any, Context], AsyncIterator[bytes]]:
    async def answer(payload: Any, context: Context) -> AsyncIterator[bytes]:
        incoming, began = _incoming(context, identity), False
        try:
            async for message in handler.stream(payload, incoming):
                if incoming.leading and not began:
                    await context.send_initial_metadata(tuple(incoming.leading))
                began = True
                yield message
            if incoming.leading and not began:
                await context.send_initial_metadata(tuple(incoming.leading))
        except CallFailed as failed:
            await _abort(context, failed.status, incoming)
        finally:
            if incoming.trailing:
                context.set_trailing_metadata(tuple(incoming.trailing))

    return answer


async def _abort(context: Context, status: status_pb2.Status, incoming: Incoming) -> Any:
    if incoming.trailing:
        converted = rpc_status.to_status(status)
        await context.abort(converted.code, converted.details, (*incoming.trailing, *converted.trailing_metadata))
    await context.abort_with_status(rpc_status.to_status(status))


def _incoming(context: Context, identity: Identity | None) -> Incoming:
    text, binary = {}, {}
    for key, value in context.invocation_metadata() or ():
        if isinstance(value, str):
            text[key] = value
        else:
            binary[key] = value
    # Asked now: of a call that has ended, gRPC's core must not be asked any more (it crashes).
    return Incoming(text, context.time_remaining(), context.peer(), binary, identity=caller_name(context, identity))
