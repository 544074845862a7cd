"""The control plane as a process, with the resources of the edge beside those of gRPC clients."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import grpc
import structlog

from edge.descriptors import Contract
from edge.options import EdgeOptions, StaticPage
from edge.resources import NODE_CLUSTER, edge_builder
from edge.settings import EdgeSettings
from edge.watching import Watching
from mesh.auth import Authenticator
from mesh.control_plane.admin import ControlPlaneServicer
from mesh.control_plane.ads import AdsServer
from mesh.control_plane.following import follow, follow_keys, follow_rules
from mesh.control_plane.hosts import service_host_builder
from mesh.control_plane.readiness import serves
from mesh.control_plane.rules import RulesFile, RulesUnreadable
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.handlers import CallEnvironment, build_handlers
from mesh.keys import key_text, keys_of
from mesh.pages import PageServer
from mesh.policy import context_of, policies
from mesh.registry.choice import registry_of
from mesh.registry.port import Registry
from mesh.tls.settings import TlsSettings
from mesh.tracing import Tracing
from mesh.transport.envoy.bootstrap import NODE_CLUSTER as SERVICE_HOSTS
from mesh.transport.grpcio.server import add_services
from reelmesh.controlplane.v1.control_plane_service_pb2 import DESCRIPTOR as ADMIN_CONTRACT

_log = structlog.get_logger(__name__)
_PLAIN = TlsSettings()


class StartFailed(Exception):
    """The text is one line for whoever started the process."""


def control_plane(contract: Contract, options: EdgeOptions, tls: TlsSettings = _PLAIN) -> AdsServer:
    """Serves the contract's contexts to gRPC clients and to services hosted in Envoy, and the edge to nodes of the cluster "edge"."""
    methods, identity = list(policies(contract.services).values()), tls.identity
    builders = {
        NODE_CLUSTER: edge_builder(contract.descriptor_set, methods, options, identity),
        SERVICE_HOSTS: service_host_builder(methods, identity),
    }
    callers = tls.callers(map(context_of, contract.services))
    return AdsServer(grpc_client_builder(methods, identity), builders, identity=identity, callers=callers)


async def run(settings: EdgeSettings, contract: Contract, pages: Sequence[StaticPage] = ()) -> None:
    """Until SIGTERM or SIGINT. Raises StartFailed."""
    ads = control_plane(
        contract,
        EdgeOptions(
            listen=settings.edge_listen,
            max_body_bytes=settings.edge_max_body_bytes,
            cors_origins=settings.edge_cors_origins,
            pages=pages,
            control_planes=settings.control_plane_pages,
            checks_tokens=bool(settings.jwks_url or settings.jwks_file),
            token_issuer=settings.token_issuer,
            token_audience=settings.token_audience,
            address_limit=settings.edge_address_limit,
            user_limit=settings.edge_user_limit,
            trusted_hops=settings.edge_trusted_hops,
            otlp_endpoint=settings.otlp_endpoint,
            trace_ratio=settings.trace_ratio,
            access_log_ratio=settings.access_log_ratio,
        ),
        settings,
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watching = Watching(ads, settings, {context_of(service) for service in contract.services})
    following = [asyncio.create_task(follow(_registry(settings), watching.publish))]
    if settings.rules_file is not None:
        rules = RulesFile(settings.rules_file)
        with suppress(RulesUnreadable):  # `follow_rules` says so
            ads.apply(rules.read())  # before anybody is told of the instances: a canary keeps its share
        following.append(asyncio.create_task(follow_rules(rules, ads.apply)))
    if settings.jwks_url or settings.jwks_file:
        following.append(asyncio.create_task(follow_keys(partial(key_text, settings.jwks_file, settings.jwks_url), ads.trust)))
    served: PageServer | None = None
    try:
        served = PageServer(settings.http_listen, watching.pages)
        port = await ads.start(settings.listen, _administration(ads, settings, contract))
        _log.info("xDS is served", address=f"{settings.listen.rpartition(':')[0]}:{port}", edge=settings.edge_listen)
        await stop.wait()
    except RuntimeError as error:
        raise StartFailed(f"the control plane cannot listen on {settings.listen}: {error}") from error
    except OSError as error:
        raise StartFailed(f"the control plane cannot listen on {settings.http_listen}: {error.strerror}") from error
    finally:
        for task in following:
            task.cancel()
        if served is not None:
            await asyncio.to_thread(served.close)
        await ads.stop()


def _administration(ads: AdsServer, settings: EdgeSettings, contract: Contract) -> Callable[[grpc.aio.Server], None]:
    authenticator = Authenticator(keys_of(settings.jwks_file, settings.jwks_url), settings.token_issuer, settings.token_audience)
    callers = settings.callers(map(context_of, contract.services))
    environment = CallEnvironment(authenticator, Tracing("control-plane", settings.instance_id, "", 0.0), callers=callers)
    servicer = ControlPlaneServicer(ads, settings.instance_id, partial(serves, identity=settings.identity))
    handlers = build_handlers(ADMIN_CONTRACT.services_by_name["ControlPlaneService"], servicer, {}, environment)

    def add(server: grpc.aio.Server) -> None:
        add_services(server, handlers, identity=settings.identity)

    return add


def _registry(settings: EdgeSettings) -> Registry:
    try:
        registry = registry_of(settings)
    except (ValueError, OSError) as error:
        raise StartFailed(f"Consul cannot be used: {error}") from error
    if registry is None:
        raise StartFailed("REELMESH_REGISTRY_DIR is not set")
    return registry
