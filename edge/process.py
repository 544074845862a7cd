"""The control plane as a process, with the resources of the edge beside those of gRPC clients."""

import asyncio
import signal
from collections.abc import Sequence

import structlog

from edge.descriptors import Contract
from edge.options import EdgeOptions, StaticPage
from edge.resources import NODE_CLUSTER, edge_builder
from edge.settings import EdgeSettings
from edge.watching import Watching
from mesh.control_plane.ads import AdsServer
from mesh.control_plane.following import follow
from mesh.control_plane.hosts import service_host_builder
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.pages import PageServer
from mesh.policy import context_of, policies
from mesh.registry.choice import registry_of
from mesh.registry.port import Registry
from mesh.transport.envoy.bootstrap import NODE_CLUSTER as SERVICE_HOSTS

_log = structlog.get_logger(__name__)


class StartFailed(Exception):
    """The text is one line for whoever started the process."""


def control_plane(contract: Contract, options: EdgeOptions) -> AdsServer:
    """Serves the contract's contexts to gRPC clients and to services hosted in Envoy, and the edge to nodes of the cluster "edge"."""
    methods = list(policies(contract.services).values())
    hosts = service_host_builder(methods)
    return AdsServer(
        grpc_client_builder(methods), {NODE_CLUSTER: edge_builder(contract.descriptor_set, methods, options), SERVICE_HOSTS: hosts}
    )


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
            otlp_endpoint=settings.otlp_endpoint,
            trace_ratio=settings.trace_ratio,
            access_log_ratio=settings.access_log_ratio,
        ),
    )
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watching = Watching(ads, settings, {context_of(service) for service in contract.services})
    following = asyncio.create_task(follow(_registry(settings), watching.publish))
    served: PageServer | None = None
    try:
        served = PageServer(settings.http_listen, watching.pages)
        port = await ads.start(settings.listen)
        _log.info("xDS is served", address=f"{settings.listen.rpartition(':')[0]}:{port}", edge=settings.edge_listen)
        await stop.wait()
    except RuntimeError as error:
        raise StartFailed(f"the control plane cannot listen on {settings.listen}: {error}") from error
    except OSError as error:
        raise StartFailed(f"the control plane cannot listen on {settings.http_listen}: {error.strerror}") from error
    finally:
        following.cancel()
        if served is not None:
            await asyncio.to_thread(served.close)
        await ads.stop()


def _registry(settings: EdgeSettings) -> Registry:
    try:
        registry = registry_of(settings)
    except (ValueError, OSError) as error:
        raise StartFailed(f"Consul cannot be used: {error}") from error
    if registry is None:
        raise StartFailed("REELMESH_REGISTRY_DIR is not set")
    return registry
