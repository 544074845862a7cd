"""The ADS server: streams of any number of clients over one set of resources for each kind of client."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import grpc
import structlog
from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryRequest

from mesh.control_plane.resources import Builder, Resources
from mesh.control_plane.subscriptions import ClientState, Counts
from mesh.registry.port import Instance

_log = structlog.get_logger(__name__)
_SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a second control plane on the same port has to fail, not to take half of the clients
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # A client that vanished without a word is noticed in half a minute.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)
_CHANGED = object()


class AdsServer:
    """`builders` by the node cluster of the client ("edge" for Envoy); `default` builds for all others, the gRPC clients."""

    def __init__(self, default: Builder, builders: Mapping[str, Builder] | None = None) -> None:
        self._builders = {"": default, **(builders or {})}
        self._resources: dict[str, Resources] = {}
        self._streams: set[_Stream] = set()
        self._server: grpc.aio.Server | None = None
        self.counts = Counts()

    async def start(self, listen: str) -> int:
        """Serves on `listen` (host:port, port 0 for any) and returns the port. Raises RuntimeError when it is taken."""
        handler: Any = grpc.stream_stream_rpc_method_handler(
            self._serve, request_deserializer=DiscoveryRequest.parse, response_serializer=None
        )
        self._server = grpc.aio.server(options=_OPTIONS)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"StreamAggregatedResources": handler}),))
        port = self._server.add_insecure_port(listen)
        await self._server.start()
        return port

    async def stop(self, grace: float = 0.5) -> None:
        """Clients keep what they have and try to connect again."""
        if self._server is not None:
            await self._server.stop(grace)

    def publish(self, instances: frozenset[Instance]) -> None:
        """Tells every client what changed for it; one whose resources cannot be built keeps what it has."""
        for kind, build in self._builders.items():
            try:
                self._resources[kind] = build(instances)
            except Exception:
                _log.exception("resources cannot be built, the last ones are kept", clients=kind or "gRPC")
        for stream in self._streams:
            stream.notify()

    @property
    def clients(self) -> int:
        return len(self._streams)

    def versions(self) -> Mapping[str, Mapping[str, str]]:
        """Kind of client → resource type → version."""
        return {kind: resources.versions for kind, resources in self._resources.items()}

    def resources_for(self, node_cluster: str) -> Resources | None:
        return self._resources.get(node_cluster if node_cluster in self._builders else "")

    async def _serve(self, requests: AsyncIterator[DiscoveryRequest], context: "grpc.aio.ServicerContext[DiscoveryRequest, bytes]") -> None:
        stream = _Stream(self)
        reader = asyncio.create_task(stream.read(requests))
        self._streams.add(stream)
        try:
            async for response in stream.responses():
                await context.write(response)
        finally:
            self._streams.discard(stream)
            reader.cancel()


class _Stream:
    """Joins what the client asks and what the registry changes into one order of events."""

    def __init__(self, server: AdsServer) -> None:
        self._server = server
        self._events: asyncio.Queue[DiscoveryRequest | object | None] = asyncio.Queue()
        self._notified = False

    def notify(self) -> None:
        # A slow client gets the newest state once, however often it changed meanwhile.
        if not self._notified:
            self._notified = True
            self._events.put_nowait(_CHANGED)

    async def read(self, requests: AsyncIterator[DiscoveryRequest]) -> None:
        try:
            async for request in requests:
                self._events.put_nowait(request)
        finally:
            self._events.put_nowait(None)

    async def responses(self) -> AsyncIterator[bytes]:
        state: ClientState | None = None
        cluster = ""
        while (event := await self._events.get()) is not None:
            if isinstance(event, DiscoveryRequest):
                if state is None:  # only the first request of a stream has to name the node
                    cluster = event.node.cluster if event.node else ""
                    node = event.node.id if event.node else ""
                    state = ClientState(node, self._server.resources_for(cluster), self._server.counts)
                for response in state.request(event):
                    yield response
                continue
            self._notified = False
            resources = self._server.resources_for(cluster)
            if state is not None and resources is not None:
                for response in state.changed(resources):
                    yield response
