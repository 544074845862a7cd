"""The Envoy transport as a service process uses it, inside its Envoy."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from mesh.pages import ENVOY_METRICS, Page
from mesh.policy import MethodPolicy
from mesh.service_tokens import ServiceTokens
from mesh.tls.identity import Identity
from mesh.tracing import Tracing
from mesh.transport.envoy.admin import Admin
from mesh.transport.envoy.channel import HostedChannel
from mesh.transport.envoy.host import Host
from mesh.transport.grpcio.transport import GrpcioTransport
from mesh.transport.port import Servable, described

_LISTENING_WITHIN = 30.0  # seconds; Envoy waits some for its first configuration


class HostedServer:
    """`host` is the application; Envoy's listener opens when the application has started."""

    def __init__(self, handlers: Mapping[str, Servable], admin: Admin, identity: Identity | None = None) -> None:
        self.host = Host(handlers, identity)
        self.address = ""
        self._admin = admin
        self._described = described(identity)

    @property
    def described(self) -> Mapping[str, str]:
        return {"transport": "envoy", "admin": self._admin.address, **self._described}

    async def start(self) -> None:
        """Returns when calls arrive. Raises RuntimeError when Envoy never listens."""
        await self.host.set_serving(False)
        try:
            async with asyncio.timeout(_LISTENING_WITHIN):
                self.address = await self._admin.listening()
        except TimeoutError as error:
            raise RuntimeError("Envoy did not open its listener") from error

    async def set_serving(self, serving: bool) -> None:
        await self.host.set_serving(serving)

    async def drain(self, grace: float) -> None:
        """No new connections; running calls get `grace` seconds, then they are cancelled."""
        await self._admin.drain()
        await self.host.finish(grace)


class HostedTransport:
    """Serves through the Envoy around us, and calls through its clusters. With an `identity` that Envoy speaks mTLS, by its bootstrap."""

    def __init__(self, admin: Admin, identity: Identity | None = None) -> None:
        self._admin = admin
        self._identity = identity
        self._outside = GrpcioTransport(identity=identity)

    @property
    def pages(self) -> Mapping[str, Callable[[], Page]]:
        return {ENVOY_METRICS: self._admin.metrics_page}

    def server(self, handlers: Mapping[str, Servable], listen: str) -> HostedServer:
        """`listen` was in Envoy's bootstrap."""
        return HostedServer(handlers, self._admin, self._identity)

    def channel(self, context: str, policies: Mapping[str, MethodPolicy], tracing: Tracing, service_tokens: ServiceTokens) -> HostedChannel:
        outside = partial(self._outside.channel, context, policies, tracing, service_tokens)
        return HostedChannel(context, policies, tracing, service_tokens.proof_for(context), outside)
