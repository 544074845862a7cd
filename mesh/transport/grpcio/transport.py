"""The grpc.aio transport as a service process uses it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mesh.pages import Page
from mesh.policy import MethodPolicy
from mesh.service_tokens import ServiceTokens
from mesh.tls.identity import Identity
from mesh.tracing import Tracing
from mesh.transport.grpcio.channel import Channel
from mesh.transport.grpcio.server import GrpcioServer
from mesh.transport.port import Servable


def on_the_mesh(context: str) -> str:
    """The target by which gRPC finds `context` through the control plane."""
    return f"xds:///{context}"


@dataclass(frozen=True, slots=True)
class GrpcioTransport:
    """`dial` says where a context is found; tests put addresses there. With an `identity`, both directions are mTLS."""

    dial: Callable[[str], str] = on_the_mesh
    identity: Identity | None = None

    @property
    def pages(self) -> Mapping[str, Callable[[], Page]]:
        return {}

    def server(self, handlers: Mapping[str, Servable], listen: str) -> GrpcioServer:
        return GrpcioServer(handlers, listen, self.identity)

    def channel(self, context: str, policies: Mapping[str, MethodPolicy], tracing: Tracing, service_tokens: ServiceTokens) -> Channel:
        return Channel(self.dial(context), policies, tracing, service_tokens.proof_for(context), self.identity)
