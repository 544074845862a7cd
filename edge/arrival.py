"""Why every request meets two routes: the first for CORS and the body limit, the second for what it asks.

Envoy's CORS filter works only on routes that lead to a cluster, but pages, 404 and 405 are answers of the route table itself; and the
transcoder finds the real route only after CORS has been decided. So a request arrives with a mark and meets a route that exists for this
purpose alone; behind the transcoder the mark is taken off, and the route is looked up again.
"""

from collections.abc import Mapping

from envoy_data_plane.envoy.config.common.mutation_rules.v3 import HeaderMutation as Mutation
from envoy_data_plane.envoy.config.common.mutation_rules.v3 import HeaderMutationRemoveOnMatch
from envoy_data_plane.envoy.config.core.v3 import (
    DataSource,
    HeaderValue,
    HeaderValueOption,
    HeaderValueOptionHeaderAppendAction,
    SubstitutionFormatString,
    TypedExtensionConfig,
)
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher, Route, RouteAction, RouteMatch
from envoy_data_plane.envoy.extensions.filters.common.set_filter_state.v3 import FilterStateValue
from envoy_data_plane.envoy.extensions.filters.http.buffer.v3 import BufferPerRoute
from envoy_data_plane.envoy.extensions.filters.http.header_mutation.v3 import HeaderMutation, Mutations
from envoy_data_plane.envoy.extensions.filters.http.set_filter_state.v3 import Config as SetFilterState
from envoy_data_plane.envoy.extensions.http.early_header_mutation.header_mutation.v3 import HeaderMutation as EarlyHeaderMutation
from envoy_data_plane.envoy.type.matcher.v3 import StringMatcher
from envoy_data_plane.google.protobuf import Any

from edge.errors import TRANSCODED
from edge.tokens import USER
from mesh.control_plane.resources import packed

ASKED_PATH = "reelmesh.path"
BUFFER_FILTER = "envoy.filters.http.buffer"
_MARK = "x-reelmesh-arrived"
# Only the mesh itself may say these.
_RESERVED_PREFIXES = ("x-reelmesh-", "x-envoy-")
# No method takes any of these from outside, and one that is not base64, or not a number, would break the connection to the service.
_BINARY = "-bin"
_ONLY_ANSWERED = ("grpc-status", "grpc-message", "grpc-retry-pushback-ms")


def early_mutation() -> TypedExtensionConfig:
    """Before anything else: what nobody outside may say goes, the mark comes."""
    unwanted = [
        *(StringMatcher(prefix=prefix, ignore_case=True) for prefix in _RESERVED_PREFIXES),
        StringMatcher(suffix=_BINARY, ignore_case=True),
        *(StringMatcher(exact=name, ignore_case=True) for name in _ONLY_ANSWERED),
    ]
    mutations = [Mutation(remove_on_match=HeaderMutationRemoveOnMatch(key_matcher=matcher)) for matcher in unwanted]
    mutations.append(Mutation(append=HeaderValueOption(header=HeaderValue(key=_MARK, value="1"))))
    return TypedExtensionConfig(name="arrival", typed_config=packed(EarlyHeaderMutation(mutations=mutations)))


def first_routes() -> list[Route]:
    """Their cluster does not exist, and nothing is ever sent to it. gRPC streams are not to be buffered."""
    marked = HeaderMatcher(name=_MARK, present_match=True)
    grpc = HeaderMatcher(name="content-type", string_match=StringMatcher(prefix="application/grpc"))
    return [
        _first_route([marked, grpc], {BUFFER_FILTER: packed(BufferPerRoute(disabled=True))}),
        _first_route([marked], {}),
    ]


def unmark() -> HeaderMutation:
    """Also shortens what the transcoder left behind, the whole path with its query: a service would get it as metadata, and refuse a
    batch of a few hundred names for it."""
    shortened = HeaderValueOption(
        header=HeaderValue(key=TRANSCODED, value=f"%REQ({TRANSCODED}):1%"),
        append_action=HeaderValueOptionHeaderAppendAction.OVERWRITE_IF_EXISTS,
    )
    removed = [Mutation(remove=name) for name in (_MARK, USER)]
    return HeaderMutation(mutations=Mutations(request_mutations=[*removed, Mutation(append=shortened)]))


def remember() -> SetFilterState:
    """The path as it was asked for, for the access log, before the transcoder rewrites it; its query says what people look for."""
    text = SubstitutionFormatString(text_format_source=DataSource(inline_string="%PATH(NQ):256%"))
    value = FilterStateValue(object_key=ASKED_PATH, factory_key="envoy.string", format_string=text)
    return SetFilterState(on_request_headers=[value])


def look_again() -> SetFilterState:
    """Follows `unmark`; the value is of no use, that the filter makes the route be looked up again is."""
    text = SubstitutionFormatString(text_format_source=DataSource(inline_string="1"))
    value = FilterStateValue(object_key="reelmesh.arrived", factory_key="envoy.string", format_string=text)
    return SetFilterState(on_request_headers=[value], clear_route_cache=True)


def _first_route(headers: list[HeaderMatcher], settings: Mapping[str, Any]) -> Route:
    return Route(match=RouteMatch(prefix="/", headers=headers), route=RouteAction(cluster="-"), typed_per_filter_config=dict(settings))
