"""The pure function from (instances, rules, methods of the contract) to what gRPC clients of `xds:///<context>` are given."""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Protocol

from envoy_data_plane.envoy.config.listener.v3 import ApiListener, Listener
from envoy_data_plane.envoy.config.route.v3 import (
    HeaderMatcher,
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
from mesh.control_plane.clusters import grpc_cluster
from mesh.control_plane.endpoints import endpoints_by_context
from mesh.control_plane.faults import fault_filter, fault_of_route
from mesh.control_plane.resources import ADS_SOURCE, Resource, Resources, packed, resource
from mesh.control_plane.rules import Fault
from mesh.control_plane.view import Builder, View
from mesh.registry.port import Instance
from mesh.tls.identity import Identity
from mesh.transport.marks import ONCE


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


def grpc_client_builder(methods: Sequence[Method], identity: Identity | None = None) -> Builder:
    """A listener, route table, cluster and endpoints for each context of the contract, with instances or without, and for each
    further context that has instances. With an `identity`, calls are made with TLS."""
    by_context = {context: tuple(each for each in methods if each.context == context) for context in contexts_of((), methods)}

    def build(view: View) -> Resources:
        contexts = contexts_of(view.instances, methods)
        faults = view.rules.faults
        return Resources(
            clusters=[grpc_cluster(context, identity) for context in contexts],
            endpoints=endpoints_by_context(view, contexts),
            listeners=[_listener(context) for context in contexts],
            routes=[
                _routes(context, found, tuple((each.path, faults[each.path]) for each in found if each.path in faults))
                for context in contexts
                for found in [by_context.get(context, ())]
            ],
        )

    return build


def contexts_of(instances: Iterable[Instance], methods: Iterable[Method]) -> list[str]:
    return sorted({instance.context for instance in instances} | {method.context for method in methods})


@cache
def _listener(context: str) -> Resource:
    manager = HttpConnectionManager(
        rds=Rds(route_config_name=context, config_source=ADS_SOURCE),
        # gRPC wants a router, and as the last one.
        http_filters=[fault_filter(), HttpFilter(name="router", typed_config=packed(Router()))],
    )
    return resource(Listener(name=context, api_listener=ApiListener(api_listener=packed(manager))))


@lru_cache(maxsize=1024)
def _routes(context: str, methods: tuple[Method, ...], faults: tuple[tuple[str, Fault], ...]) -> Resource:
    injected = dict(faults)
    routes = [
        route for method in sorted(methods, key=lambda each: each.path) for route in _method_routes(method, injected.get(method.path))
    ]
    rest = Route(match=RouteMatch(prefix=""), route=RouteAction(cluster=context))  # health, reflection
    return resource(RouteConfiguration(name=context, virtual_hosts=[VirtualHost(name=context, domains=["*"], routes=[*routes, rest])]))


def _method_routes(method: Method, fault: Fault | None) -> Iterable[Route]:
    # No time limit here: gRPC counts one from the processor's cycle counter, calibrated for some milliseconds when the process starts, and
    # was seen seconds off after an hour of uptime (calls failed at once with DEADLINE_EXCEEDED). Callers set the contract's deadline.
    settings = dict(fault_of_route(fault))
    if method.repeatable:
        # gRPC's retry throttle cannot be set by xDS: callers with nothing left of their budget take the other route.
        within_budget = HeaderMatcher(name=ONCE, present_match=True, invert_match=True)
        action = RouteAction(cluster=method.context, retry_policy=_retry())
        yield Route(match=RouteMatch(path=method.path, headers=[within_budget]), route=action, typed_per_filter_config=settings)
    yield Route(match=RouteMatch(path=method.path), route=RouteAction(cluster=method.context), typed_per_filter_config=settings)


def _retry() -> RetryPolicy:
    back_off = RetryPolicyRetryBackOff(base_interval=limits.RETRY_BACKOFF, max_interval=limits.RETRY_BACKOFF_MAX)
    return RetryPolicy(retry_on="unavailable", num_retries=limits.RETRIES, retry_back_off=back_off)
