"""What a transport carries and what it has to be able to do; `grpcio` and `envoy` are the two that exist."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Any, Protocol

from mesh.handlers import Incoming
from mesh.pages import Page
from mesh.policy import MethodPolicy
from mesh.service_tokens import ServiceTokens
from mesh.tls.identity import Identity
from mesh.tracing import Tracing

MAX_MESSAGE_BYTES = 4 * 1024 * 1024


class Method(Protocol):
    """How a method is called. `path` is the gRPC path."""

    @property
    def path(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def client_streaming(self) -> bool: ...
    @property
    def server_streaming(self) -> bool: ...


class Servable(Protocol):
    """The call of one method, bytes in and bytes out, as `mesh.handlers.Handler` has it. Both may raise CallFailed."""

    @property
    def policy(self) -> Method: ...
    async def unary(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> bytes: ...
    def stream(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> AsyncGenerator[bytes, None]: ...


def described(identity: Identity | None) -> Mapping[str, str]:
    """For the registry, whose own checks of a server have to know."""
    return {} if identity is None else {"tls": "mutual"}


class Server(Protocol):
    """Serves handlers at `address` (host:port) from `start` to the end of `drain`. `described` is for the registry, once it has started."""

    @property
    def address(self) -> str: ...
    @property
    def described(self) -> Mapping[str, str]: ...
    async def start(self) -> None: ...
    async def set_serving(self, serving: bool) -> None: ...
    async def drain(self, grace: float) -> None: ...


class ClientChannel(Protocol):
    """What generated stubs use of a `grpc.aio.Channel`."""

    def unary_unary(self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False) -> Any: ...
    def unary_stream(self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False) -> Any: ...
    def stream_unary(self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False) -> Any: ...
    def stream_stream(self, method: str, request_serializer: Any, response_deserializer: Any, _registered_method: bool = False) -> Any: ...
    async def close(self) -> None: ...


class Transport(Protocol):
    """`server` serves handlers by path; `channel` reaches another context; `pages` come beside the process's own, for who watches it."""

    @property
    def pages(self) -> Mapping[str, Callable[[], Page]]: ...
    def server(self, handlers: Mapping[str, Servable], listen: str) -> Server: ...
    def channel(
        self, context: str, policies: Mapping[str, MethodPolicy], tracing: Tracing, service_tokens: ServiceTokens
    ) -> ClientChannel: ...
