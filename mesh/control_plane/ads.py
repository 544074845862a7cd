"""The ADS server: streams of any number of clients over one set of resources for each kind of client."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import structlog

from mesh.control_plane.client_tls import secrets_in
from mesh.control_plane.requests import Request, parse
from mesh.control_plane.resources import Resources
from mesh.control_plane.rules import NO_RULES, Rules
from mesh.control_plane.subscriptions import ClientState, Counts
from mesh.control_plane.view import Builder, View
from mesh.registry.port import Instance
from mesh.tls.grpc_credentials import caller_name, listening_port
from mesh.tls.identity import Identity

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


@dataclass(slots=True)
class Client:
    """A connected client, the `number`th. `kind` is its node cluster, `since` seconds since the epoch; `state` is None until its first
    request."""

    number: int
    since: float
    node: str = ""
    kind: str = ""
    zone: str = ""
    state: ClientState | None = None


class AdsServer:
    """`builders` by the node cluster of the client ("edge" for Envoy); `default` builds for all others, the gRPC clients.

    There is one set of resources for each kind of client and each zone that clients are in. With an `identity`, clients need a certificate
    with one of the names in `callers`.
    """

    def __init__(
        self,
        default: Builder,
        builders: Mapping[str, Builder] | None = None,
        *,
        identity: Identity | None = None,
        callers: Collection[str] | None = None,
    ) -> None:
        self._builders = {"": default, **(builders or {})}
        self._identity, self._callers = identity, callers
        self._resources: dict[tuple[str, str], Resources] = {}
        self._instances: frozenset[Instance] | None = None
        self._zones: frozenset[str] = frozenset()
        self._rules = NO_RULES
        self._jwks = ""
        self._streams: dict[_Stream, None] = {}  # in the order in which they came
        self._numbers = itertools.count(1)
        self._server: grpc.aio.Server | None = None
        self.counts = Counts()

    async def start(self, listen: str, beside: Callable[[grpc.aio.Server], None] = lambda server: None) -> int:
        """Serves on `listen` (host:port, port 0 for any) and returns the port. Raises RuntimeError when it is taken, IdentityUnusable.
        `beside` may add services of its own."""
        handler: Any = grpc.stream_stream_rpc_method_handler(self._serve, request_deserializer=parse, response_serializer=None)
        self._server = grpc.aio.server(options=_OPTIONS)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"StreamAggregatedResources": handler}),))
        beside(self._server)
        port = listening_port(self._server, listen, self._identity)
        await self._server.start()
        return port

    async def stop(self, grace: float = 0.5) -> None:
        """Clients keep what they have and try to connect again."""
        if self._server is not None:
            await self._server.stop(grace)

    def publish(self, instances: frozenset[Instance]) -> None:
        """Tells every client what changed for it; one whose resources cannot be built keeps what it has."""
        self._instances = instances
        self._zones = frozenset(each.zone for each in instances)
        self._tell_all()

    def apply(self, rules: Rules) -> None:
        """As `publish`, for a change of the rules."""
        self._rules = rules
        self._tell_all()

    def trust(self, jwks: str) -> None:
        """As `publish`, for another set of public keys of access tokens."""
        self._jwks = jwks
        self._tell_all()

    @property
    def instances(self) -> frozenset[Instance]:
        """What was published last."""
        return self._instances or frozenset()

    @property
    def rules(self) -> Rules:
        """What was applied last."""
        return self._rules

    @property
    def clients(self) -> int:
        return len(self._streams)

    def connected(self) -> Iterable[Client]:
        """In the order in which they came."""
        return (stream.client for stream in self._streams)

    def versions(self) -> Mapping[str, Mapping[str, str]]:
        """Kind of client → resource type → version, for those who prefer no zone."""
        return {kind: resources.versions for (kind, zone), resources in self._resources.items() if not zone}

    def snapshots(self) -> Mapping[tuple[str, str], Resources]:
        """By kind of client and zone."""
        return self._resources

    def resources_for(self, node_cluster: str, zone: str = "") -> Resources | None:
        """None until the registry was read."""
        kind = node_cluster if node_cluster in self._builders else ""
        key = (kind, zone if zone in self._zones else "")
        if key not in self._resources:
            self._build(key)
        return self._resources.get(key) or self._resources.get((kind, ""))

    def _tell_all(self) -> None:
        if self._instances is None:
            return
        for key in [key for key in self._resources if key[1] and key[1] not in self._zones]:
            del self._resources[key]
        for key in {(kind, "") for kind in self._builders} | set(self._resources):
            self._build(key)
        for stream in self._streams:
            stream.notify()

    def _build(self, key: tuple[str, str]) -> None:
        if self._instances is None:
            return
        kind, zone = key
        try:
            self._resources[key] = self._builders[kind](View(self._instances, self._rules, zone, self._jwks))
        except Exception:
            _log.exception("resources cannot be built, the last ones are kept", clients=kind or "gRPC", zone=zone)

    async def _serve(self, requests: AsyncIterator[Request], context: "grpc.aio.ServicerContext[Request, bytes]") -> None:
        if self._callers is not None and (name := caller_name(context, self._identity)) not in self._callers:
            _log.warning("a client without a place in the mesh is refused", name=name, address=context.peer())
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "This certificate has no place in the mesh.")
        stream = _Stream(self, Client(next(self._numbers), time.time()))
        reader = asyncio.create_task(stream.read(requests))
        self._streams[stream] = None
        try:
            async for response in stream.responses():
                await context.write(response)
        finally:
            del self._streams[stream]
            reader.cancel()


class _Stream:
    """Joins what the client asks and what the registry changes into one order of events."""

    def __init__(self, server: AdsServer, client: Client) -> None:
        self._server = server
        self.client = client
        self._events: asyncio.Queue[Request | object | None] = asyncio.Queue()
        self._notified = False

    def notify(self) -> None:
        # Most changes concern few clients: the others are not even woken.
        resources = self._server.resources_for(self.client.kind, self.client.zone)
        if self.client.state is not None and resources is not None and self.client.state.unaffected_by(resources):
            return
        # A slow client gets the newest state once, however often it changed meanwhile.
        if not self._notified:
            self._notified = True
            self._events.put_nowait(_CHANGED)

    async def read(self, requests: AsyncIterator[Request]) -> None:
        try:
            async for request in requests:
                self._events.put_nowait(request)
        finally:
            self._events.put_nowait(None)

    async def responses(self) -> AsyncIterator[bytes]:
        client = self.client
        while (event := await self._events.get()) is not None:
            if isinstance(event, Request):
                if client.state is None:  # only the first request of a stream has to name the node
                    client.state = self._introduced(event)
                for response in client.state.request(event):
                    yield response
                continue
            self._notified = False
            resources = self._server.resources_for(client.kind, client.zone)
            if client.state is not None and resources is not None:
                for response in client.state.changed(resources):
                    yield response

    def _introduced(self, first: Request) -> ClientState:
        client = self.client
        client.node, client.kind, client.zone = first.node, first.cluster, first.zone
        resources = self._server.resources_for(client.kind, client.zone)
        return ClientState(client.node, resources, self._server.counts, own=secrets_in(first.tls_dir))
