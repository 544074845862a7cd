"""The route table of the edge: pages, the methods of the contract, and an answer for everything else."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from envoy_data_plane.envoy.config.core.v3 import DataSource, HeaderValue, HeaderValueOption, HeaderValueOptionHeaderAppendAction
from envoy_data_plane.envoy.config.route.v3 import (
    DirectResponseAction,
    HeaderMatcher,
    RetryPolicy,
    RetryPolicyRetryBackOff,
    RetryPolicyRetryHostPredicate,
    Route,
    RouteAction,
    RouteConfiguration,
    RouteMatch,
    RouteMatchGrpcRouteMatchOptions,
    VirtualHost,
)
from envoy_data_plane.envoy.extensions.filters.http.lua.v3 import LuaPerRoute
from envoy_data_plane.envoy.extensions.retry.host.previous_hosts.v3 import PreviousHostsPredicate
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher

from edge.arrival import first_routes
from edge.bare_answers import unwrapping_route
from edge.contract import EdgeMethod, paths_by_methods, services
from edge.cors import cors_policy
from edge.errors import TRANSCODED
from edge.options import EdgeOptions, StaticPage
from edge.probes import HEALTHZ, READYZ, readiness_route
from mesh.control_plane import limits
from mesh.control_plane.faults import fault_of_route
from mesh.control_plane.resources import packed
from mesh.control_plane.rules import NO_RULES, Fault
from mesh.metrics import CALLER

ROUTES = "edge"
CORS_FILTER = "envoy.filters.http.cors"
NDJSON_FILTER = "ndjson"
# The service's own DEADLINE_EXCEEDED, with its details, has to arrive before the edge gives up.
_SLACK = timedelta(milliseconds=250)
_STREAM_IDLE = timedelta(minutes=5)
_PREFLIGHT = "OPTIONS"
# What callers may say in the headers of the gRPC protocol.
_PROTOCOL = {
    "grpc-timeout": "[0-9]{1,8}[HMSmun]",
    "grpc-encoding": "identity|deflate|gzip",
    "grpc-previous-rpc-attempts": "[0-9]{1,8}",
}


def route_table(
    descriptor_set: bytes,
    methods: Sequence[EdgeMethod],
    bare: Mapping[str, int],
    options: EdgeOptions,
    faults: Mapping[str, Fault] = NO_RULES.faults,
) -> RouteConfiguration:
    """`bare` is gRPC path → number of the field that is the whole answer over HTTP/JSON, `faults` gRPC path → fault to inject.

    Routes are in the order of matching. A request of HTTP/JSON has its gRPC path by now: the transcoder has rewritten it.
    """
    pages = [HEALTHZ, *options.pages]
    by_methods = paths_by_methods(descriptor_set, services(methods))
    allowed = sorted({method for group in by_methods for method in group} | {"GET", "POST"})
    routes = [
        *_malformed(),
        *(route for method in methods for route in _method_routes(method, bare.get(method.path), faults.get(method.path))),
        readiness_route(_retry()),
        *(_page_route(page) for page in pages),
        *_other_methods(by_methods),
        *(_refused(RouteMatch(path=path), ["GET", "HEAD"]) for path in (READYZ, *(page.path for page in pages))),
        _direct(RouteMatch(prefix="/"), 404, ""),
    ]
    host = VirtualHost(
        name="edge",
        domains=["*"],
        routes=[*first_routes(), *_preflights(by_methods, [*allowed, _PREFLIGHT]), *routes],
        typed_per_filter_config={CORS_FILTER: packed(cors_policy(options.cors_origins, [*allowed, _PREFLIGHT]))},
        # Which encodings a service takes in gRPC messages is no business of those who asked over HTTP.
        response_headers_to_remove=["grpc-accept-encoding"],
    )
    largest = max(len(page.body) for page in pages)
    return RouteConfiguration(
        name=ROUTES,
        virtual_hosts=[host],
        request_headers_to_add=[_header(CALLER, "edge")],
        max_direct_response_body_size_bytes=max(4096, largest),
    )


def _method_routes(method: EdgeMethod, bare: int | None, fault: Fault | None) -> Iterator[Route]:
    streams = method.client_streaming or method.server_streaming
    action = RouteAction(
        cluster=method.context,
        timeout=timedelta(seconds=method.deadline) + _SLACK if method.deadline else timedelta(0),
        idle_timeout=_STREAM_IDLE if streams else None,
        retry_policy=_retry() if method.repeatable and not method.client_streaming else None,
    )
    # Anything but gRPC (which transcoded requests are by now) would be answered by the service with a reset.
    grpc = RouteMatchGrpcRouteMatchOptions()
    both = dict(fault_of_route(fault, over_http=True))
    http = dict([unwrapping_route(bare)] if bare is not None else [])
    if method.server_streaming:
        http[NDJSON_FILTER] = packed(LuaPerRoute(name=NDJSON_FILTER))
    yield Route(
        name=f"{method.path[1:]} (HTTP)",
        match=RouteMatch(path=method.path, grpc=grpc, headers=[HeaderMatcher(name=TRANSCODED, present_match=True)]),
        route=action,
        typed_per_filter_config={**both, **http},
        # The transcoder reads no compressed messages: whoever asks over HTTP cannot wish for them.
        request_headers_to_remove=["grpc-encoding", "grpc-accept-encoding"],
    )
    yield Route(name=method.path[1:], match=RouteMatch(path=method.path, grpc=grpc), route=action, typed_per_filter_config=both)


def _retry() -> RetryPolicy:
    """This hop only, within the retry budget of the cluster: what the service calls in turn is retried by the service."""
    previous = RetryPolicyRetryHostPredicate(
        name="envoy.retry_host_predicates.previous_hosts", typed_config=packed(PreviousHostsPredicate())
    )
    return RetryPolicy(
        retry_on="connect-failure,refused-stream,reset,unavailable",
        num_retries=limits.RETRIES,
        retry_host_predicate=[previous],
        host_selection_retry_max_attempts=3,
        retry_back_off=RetryPolicyRetryBackOff(base_interval=limits.RETRY_BACKOFF, max_interval=limits.RETRY_BACKOFF_MAX),
    )


def _page_route(page: StaticPage) -> Route:
    route = _direct(RouteMatch(path=page.path, headers=[_method_is("GET|HEAD")]), 200, page.body)
    route.response_headers_to_add = [_header("content-type", page.content_type), _header("cache-control", "no-cache")]
    return route


def _preflights(by_methods: Mapping[frozenset[str], list[str]], allowed: list[str]) -> list[Route]:
    """OPTIONS without an origin; with one, the CORS filter has answered already."""
    options = [_method_is(_PREFLIGHT)]
    known = [(_any_of(patterns), sorted(group | {_PREFLIGHT})) for group, patterns in by_methods.items()]
    return [_allowing(_direct(RouteMatch(safe_regex=regex, headers=options), 204, ""), methods) for regex, methods in known] + [
        _allowing(_direct(RouteMatch(prefix="/", headers=options), 204, ""), allowed)
    ]


def _malformed() -> list[Route]:
    """Never to a service: gRPC's C core fails not only the call that carries such a header, but also the next one on the connection."""
    return [_direct(RouteMatch(prefix="/", headers=_is_malformed(name)), 400, f"the header {name} is malformed") for name in _PROTOCOL]


def _is_malformed(name: str) -> list[HeaderMatcher]:
    pattern = StringMatcher(safe_regex=RegexMatcher(regex=_PROTOCOL[name]))
    return [HeaderMatcher(name=name, present_match=True), HeaderMatcher(name=name, string_match=pattern, invert_match=True)]


def _other_methods(by_methods: Mapping[frozenset[str], list[str]]) -> list[Route]:
    return [_refused(RouteMatch(safe_regex=_any_of(patterns)), sorted(group)) for group, patterns in by_methods.items()]


def _refused(match: RouteMatch, methods: list[str]) -> Route:
    return _allowing(_direct(match, 405, f"this path has {', '.join(methods)} only"), [*methods, _PREFLIGHT])


def _allowing(route: Route, methods: Sequence[str]) -> Route:
    route.response_headers_to_add = [_header("allow", ", ".join(methods))]
    return route


def _direct(match: RouteMatch, status: int, body: bytes | str) -> Route:
    content = DataSource(inline_bytes=body) if isinstance(body, bytes) else DataSource(inline_string=body)
    return Route(match=match, direct_response=DirectResponseAction(status=status, body=content if body else None))


def _any_of(patterns: Sequence[str]) -> RegexMatcher:
    return RegexMatcher(regex="|".join(patterns))


def _method_is(pattern: str) -> HeaderMatcher:
    return HeaderMatcher(name=":method", string_match=StringMatcher(safe_regex=RegexMatcher(regex=pattern)))


def _header(name: str, value: str) -> HeaderValueOption:
    return HeaderValueOption(
        header=HeaderValue(key=name, value=value), append_action=HeaderValueOptionHeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
    )
