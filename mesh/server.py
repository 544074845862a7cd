"""A service from its settings to its end: prepare, serve, register, drain."""

import asyncio
import gc
import importlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, cast

import grpc
import psycopg
import structlog
from google.protobuf.descriptor import ServiceDescriptor

from mesh import admin
from mesh.auth import Authenticator
from mesh.build import BuildInfo
from mesh.control_plane.client_bootstrap import use_control_plane
from mesh.errors import MeshError
from mesh.events.bus import Bus
from mesh.handlers import CallEnvironment, ErrorTable, Handler, build_handlers
from mesh.keys import keys_of
from mesh.log_levels import LogLevels
from mesh.logs import configure_logs
from mesh.metrics import metrics_page
from mesh.pages import PageServer
from mesh.policy import contexts, policies
from mesh.postgres.database import Database
from mesh.registry.advertised import advertised, with_host
from mesh.registry.choice import registry_of
from mesh.registry.port import Instance, Registration, RegistryUnavailable
from mesh.revocation import Revocations, RevokedSessions
from mesh.service_tokens import ServiceTokens, secrets_in
from mesh.settings import Settings
from mesh.starting import StartFailed, database_unusable, migrated
from mesh.tracing import Tracing
from mesh.transport.grpcio.transport import GrpcioTransport, on_the_mesh
from mesh.transport.port import ClientChannel, Server, Transport

_READINESS_SECONDS = 1.0
# From deregistration until the last caller's endpoints have changed: at least this long, and until nobody has called for a while. How long
# that is depends on the control plane, and on how busy the machines are.
_PROPAGATION_SECONDS = 0.5
_QUIET_SECONDS = 0.25
_LOOK_SECONDS = 0.02
# How long a start waits for the sessions that ended before it.
_REVOCATIONS_SECONDS = 2.0
# Objects between two looks of the garbage collector. Python's own 700 are a few calls: 2 to 3 % of a service's CPU time went into it.
_YOUNG_OBJECTS = 10_000

log = structlog.get_logger("mesh.server")


class Background(Protocol):
    """Work beside the calls: a relay, a consumer, a sweeper. It ends soon after `stop` is set."""

    async def run(self, stop: asyncio.Event) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a context's bootstrap makes: its servicers by contract, what their domain errors mean, the work beside them.

    `prepare` runs before the first call: what a service has to know before it can answer.
    """

    servicers: Mapping[ServiceDescriptor, object]
    errors: ErrorTable
    background: Sequence[Background] = ()
    prepare: Callable[[], Awaitable[None]] | None = None


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """What a context's bootstrap is given."""

    settings: Settings
    database: Database
    bus: Bus
    tracing: Tracing
    transport: Transport
    service_tokens: ServiceTokens
    channels: list[ClientChannel] = field(default_factory=list)

    def channel(self, context: str, *services: ServiceDescriptor) -> grpc.aio.Channel:
        """A channel for the stubs of `services`, closed when the process drains.

        It has what generated stubs use of a `grpc.aio.Channel`, which is what their types ask for, and is none.
        """
        channel = self.transport.channel(context, policies(services), self.tracing, self.service_tokens)
        self.channels.append(channel)
        return cast(grpc.aio.Channel, channel)


Build = Callable[[Foundation], Service]


class RunningService:
    """One service between `start` and `drain`; also what component tests use. `dial` is for tests that put addresses there."""

    def __init__(
        self,
        context: str,
        build: Build,
        settings: Settings,
        *,
        dial: Callable[[str], str] = on_the_mesh,
        transport: Transport | None = None,
    ) -> None:
        self._context, self._settings = context, settings
        self._instance_id = settings.instance_name(context)
        tracing = Tracing(context, self._instance_id, settings.otlp_endpoint, settings.trace_ratio)
        name = f"reelmesh {context}"
        database = Database(settings.database_url, max_size=settings.database_pool_size, application_name=name)
        self._transport = transport or GrpcioTransport(dial, settings.identity)
        bus = Bus(settings.nats_url, name)
        self.foundation = Foundation(
            settings=settings,
            database=database,
            bus=bus,
            tracing=tracing,
            transport=self._transport,
            service_tokens=ServiceTokens(context, secrets_in(settings.service_secrets)),
        )
        self._revoked = RevokedSessions(settings.token_lifetime)
        self._revocations = Revocations(bus, self._revoked)
        self._build = build
        self._stop = asyncio.Event()
        self._background: list[asyncio.Task[None]] = []
        self._registration: Registration | None = None
        self._pages: PageServer | None = None
        self.address = ""

    async def start(self) -> None:
        """Connected, SERVING and registered when it returns. StartFailed says what stood in the way."""
        await self.prepare()
        await self.serve()

    async def prepare(self) -> Server:
        """Everything that a call needs, before there are calls."""
        settings, foundation = self._settings, self.foundation
        try:
            await foundation.database.open()
        except (psycopg.Error, MeshError) as error:
            raise StartFailed(database_unusable(self._context, error)) from error
        if settings.metrics_listen:
            try:
                self._pages = PageServer(settings.metrics_listen, {"/metrics": metrics_page, **self._transport.pages})
            except OSError as error:
                raise StartFailed(f"{self._context}: cannot listen on {settings.metrics_listen}: {error.strerror}") from error
        await foundation.bus.open()
        self._service = self._build(foundation)
        try:
            if self._service.prepare is not None:
                await self._service.prepare()
        except (psycopg.Error, MeshError) as error:
            raise StartFailed(f"{self._context}: it cannot be prepared: {str(error).strip().splitlines()[0]}") from error
        self._background.append(asyncio.create_task(self._revocations.run(self._stop), name="revocations"))
        await self._revocations.known(_REVOCATIONS_SECONDS)
        self._handlers = self._built_handlers(self._service)
        self._server = self._transport.server(self._handlers, settings.listen)
        return self._server

    async def serve(self) -> None:
        """From here on calls are answered."""
        try:
            await self._server.start()
            self.address = self._server.address
        except (RuntimeError, ValueError) as error:
            raise StartFailed(f"{self._context}: cannot listen on {self._settings.listen}: {error}") from error
        await self._server.set_serving(True)
        self._background += [asyncio.create_task(work.run(self._stop), name=type(work).__name__) for work in self._service.background]
        self._background.append(asyncio.create_task(self._follow_readiness(), name="readiness"))
        await self._register()
        log.info("serving", address=self.address)

    async def drain(self) -> None:
        """Deregister → NOT_SERVING → callers turn elsewhere → running calls finish → background work → channels, pool, bus, telemetry."""
        registered = self._registration is not None
        await self._leave_registry()
        await self._server.set_serving(False)
        if registered:
            await self._turned_away_from()
        await self._server.drain(self._settings.drain_seconds)
        self._stop.set()
        await asyncio.gather(*self._background, return_exceptions=True)
        for channel in self.foundation.channels:
            await channel.close()
        await self.foundation.bus.close()
        await self.foundation.database.close()
        await asyncio.to_thread(self.foundation.tracing.flush)
        if self._pages is not None:
            await asyncio.to_thread(self._pages.close)
        log.info("drained")

    async def failed_background(self) -> None:
        """Returns only if work beside the calls ends by an error, and raises it: half a service is worse than a restart."""
        done, _ = await asyncio.wait(self._background, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()

    async def _turned_away_from(self) -> None:
        """In the time of a drain at most: a caller may have an address of its own and never hear that we leave.

        Connections that close under callers who still count on us fail all at once, more than their retry budgets allow to repeat.
        """
        began = time.perf_counter()
        limit = began + max(_PROPAGATION_SECONDS, self._settings.drain_seconds)
        quiet_at = began + _PROPAGATION_SECONDS
        while (now := time.perf_counter()) < min(quiet_at, limit):
            await asyncio.sleep(min(_LOOK_SECONDS, quiet_at - now))
            quiet_at = max(quiet_at, max(handler.called_at for handler in self._handlers.values()) + _QUIET_SECONDS)

    def _built_handlers(self, service: Service) -> dict[str, Handler]:
        settings = self._settings
        keys = keys_of(settings.jwks_file, settings.jwks_url)
        environment = CallEnvironment(
            Authenticator(keys, settings.token_issuer, settings.token_audience, revoked=self._revoked.held),
            self.foundation.tracing,
            settings.access_log_ratio,
            {"edge", *contexts()},
            settings.callers(contexts()),
            self.foundation.service_tokens,
        )
        build = BuildInfo.here(
            self._context, self._instance_id, version=settings.version, commit=settings.commit, transport=settings.transport
        )
        build.publish()
        asked = admin.AdminServicer(build, LogLevels())
        handlers = dict(build_handlers(admin.SERVICE, asked, admin.ERRORS, environment))
        for descriptor, servicer in service.servicers.items():
            handlers.update(build_handlers(descriptor, servicer, service.errors, environment))
        return handlers

    async def _register(self) -> None:
        """StartFailed rather than serving where nobody looks: whoever started the process tries again."""
        settings = self._settings
        try:
            registry = registry_of(settings)
            if registry is None:
                return
            host, port = await asyncio.to_thread(advertised, settings.advertise, self.address)
            metadata = {
                "pid": str(os.getpid()),
                "metrics": with_host(self._pages.address, host) if self._pages else "",
                **self._server.described,
            }
            instance = Instance(self._context, self._instance_id, host, port, settings.version, settings.zone, metadata)
            self._registration = await registry.register(instance)
        except (RegistryUnavailable, ValueError, OSError) as error:
            raise StartFailed(f"{self._context}: cannot register: {error}") from error

    async def _leave_registry(self) -> None:
        try:
            if self._registration is not None:
                await self._registration.deregister()
        except RegistryUnavailable as error:
            log.warning("the registry was not told that this instance leaves", error=str(error))

    async def _follow_readiness(self) -> None:
        """Health follows the database, so that the mesh stops sending what cannot be answered."""
        serving = True
        while not self._stop.is_set():
            ready = await self.foundation.database.check()
            if ready != serving:
                serving = ready
                await self._server.set_serving(serving)
                log.warning("readiness changed", serving=serving)
            try:
                async with asyncio.timeout(_READINESS_SECONDS):
                    await self._stop.wait()
            except TimeoutError:
                continue


def prepare_process(context: str, settings: Settings) -> None:
    """What belongs to the process rather than to its service: logs, gRPC's bootstrap, the metrics port."""
    configure_logs(context, settings.instance_name(context), settings.log_level)
    if settings.xds_server_list():
        node = settings.instance_id or context
        use_control_plane(os.environ, settings.xds_server_list(), node_id=node, zone=settings.zone, identity=settings.identity)


def rest_collector() -> None:
    """What is there once a service serves stays for ever, and need not be looked at again; calls leave hardly any cycles behind."""
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)


def loaded(build: str) -> Build:
    """What `module:function` names."""
    module, _, name = build.partition(":")
    return cast(Build, getattr(importlib.import_module(module), name))


async def serve(context: str, build: str, settings: Settings, migrating: int) -> None:
    """A service on gRPC's own server in this process, from here to its end; `migrating` is the child that migrates."""
    prepare_process(context, settings)
    service = RunningService(context, loaded(build), settings)
    await migrated(migrating)
    terminated = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, terminated.set)
    await service.start()
    rest_collector()
    waiting = asyncio.create_task(terminated.wait())
    failing = asyncio.create_task(service.failed_background())
    await asyncio.wait([waiting, failing], return_when=asyncio.FIRST_COMPLETED)
    await service.drain()
    if failing.done() and not terminated.is_set():
        failing.result()
