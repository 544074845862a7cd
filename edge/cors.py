"""Which web pages may call: one policy on the whole virtual host, so that no route, known or not, is without it."""

from collections.abc import Iterable

from envoy_data_plane.envoy.extensions.filters.http.cors.v3 import CorsPolicy
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher

_ALLOWED = (
    "accept",
    "accept-language",
    "authorization",
    "content-type",
    "grpc-timeout",
    "if-match",
    "if-none-match",
    "traceparent",
    "tracestate",
    "x-grpc-web",
    "x-user-agent",
)
_EXPOSED = ("allow", "etag", "grpc-message", "grpc-status", "grpc-status-details-bin", "retry-after", "x-request-id")


def cors_policy(origins: Iterable[str], methods: Iterable[str]) -> CorsPolicy:
    return CorsPolicy(
        allow_origin_string_match=[_origin(origin) for origin in origins],
        allow_methods=", ".join(methods),
        allow_headers=", ".join(_ALLOWED),
        expose_headers=", ".join(_EXPOSED),
        max_age="7200",
    )


def _origin(origin: str) -> StringMatcher:
    return StringMatcher(safe_regex=RegexMatcher(regex=".*")) if origin == "*" else StringMatcher(exact=origin)
