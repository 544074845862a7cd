"""The pure function from (instances, methods of the contract) to what gRPC clients of `xds:///<context>` are given."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from envoy_data_plane.envoy.config.listener.v3 import ApiListener, Listener
from envoy_data_plane.envoy.config.route.v3 import (
    RetryPolicy,
    RetryPolicyRetryBackOff,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    VirtualHost,
)
from envoy_data_plane.envoy.extensions.filters.http.router.v3 import Router
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpConnectionManager, HttpFilter, Rds

from mesh.control_plane import limits
from mesh.control_plane.clusters import context_cluster, context_endpoints
from mesh.control_plane.resources import ADS_SOURCE, Resources, packed
from mesh.registry.port import Instance


class Method(Protocol):
    """What routing needs of `mesh.policy.MethodPolicy`. `path` is the gRPC path, `deadline` seconds, 0 for none."""

    @property
    def path(self) -> str: ...
    @property
    def context(self) -> str: ...
    @property
    def deadline(self) -> float: ...
    @property
    def repeatable(self) -> bool: ...


def grpc_client_resources(instances: frozenset[Instance], methods: Sequence[Method]) -> Resources:
    """A listener, route table, cluster and endpoints for each context of the contract, with instances or without, and for each
    further context that has instances."""
    contexts = contexts_of(instances, methods)
    return Resources(
        clusters=[context_cluster(context) for context in contexts],
        endpoints=[context_endpoints(context, instances) for context in contexts],
        listeners=[_listener(context) for context in contexts],
        routes=[_routes(context, [method for method in methods if method.context == context]) for context in contexts],
    )


def grpc_client_builder(methods: Sequence[Method]) -> Callable[[frozenset[Instance]], Resources]:
    return lambda instances: grpc_client_resources(instances, methods)


def contexts_of(instances: Iterable[Instance], methods: Iterable[Method]) -> list[str]:
    return sorted({instance.context for instance in instances} | {method.context for method in methods})


def _listener(context: str) -> Listener:
    manager = HttpConnectionManager(
        rds=Rds(route_config_name=context, config_source=ADS_SOURCE),
        http_filters=[HttpFilter(name="router", typed_config=packed(Router()))],  # gRPC wants it, and as the last one
    )
    return Listener(name=context, api_listener=ApiListener(api_listener=packed(manager)))


def _routes(context: str, methods: Sequence[Method]) -> RouteConfiguration:
    routes = [Route(match=RouteMatch(path=method.path), route=_action(method)) for method in sorted(methods, key=lambda each: each.path)]
    rest = Route(match=RouteMatch(prefix=""), route=RouteAction(cluster=context))  # health, reflection
    return RouteConfiguration(name=context, virtual_hosts=[VirtualHost(name=context, domains=["*"], routes=[*routes, rest])])


def _action(method: Method) -> RouteAction:
    # No time limit here: gRPC counts one from the processor's cycle counter, calibrated for some milliseconds when the process starts, and
    # was seen seconds off after an hour of uptime (calls failed at once with DEADLINE_EXCEEDED). Callers set the contract's deadline.
    return RouteAction(cluster=method.context, retry_policy=_retry() if method.repeatable else None)


def _retry() -> RetryPolicy:
    back_off = RetryPolicyRetryBackOff(base_interval=limits.RETRY_BACKOFF, max_interval=limits.RETRY_BACKOFF_MAX)
    return RetryPolicy(retry_on="unavailable", num_retries=limits.RETRIES, retry_back_off=back_off)
