"""Access tokens at the edge: one that does not verify goes no further. Whose it may be, and what for, the services decide.

The filter's configuration is a resource of its own, so that another set of keys changes neither the listener nor a connection.
"""

from dataclasses import replace
from datetime import timedelta

from envoy_data_plane.envoy.config.core.v3 import DataSource, ExtensionConfigSource, TypedExtensionConfig
from envoy_data_plane.envoy.config.route.v3 import RouteMatch
from envoy_data_plane.envoy.extensions.filters.http.jwt_authn.v3 import (
    JwtAuthentication,
    JwtCacheConfig,
    JwtClaimToHeader,
    JwtHeader,
    JwtProvider,
    JwtRequirement,
    JwtRequirementOrList,
    RequirementRule,
)
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.google.protobuf import Empty

from mesh.control_plane.resources import ADS_SOURCE, packed

# Whose token it is, for filters behind this one; nobody outside can say it, and no service is told.
USER = "x-reelmesh-user"
_FILTER = "tokens"
_PROVIDER = "reelmesh"
_REMEMBERED = 1_000  # by each of Envoy's threads
_CLOCKS = 1  # seconds of an expired token; Envoy has no way to say none. The services forgive nothing
# How long a new edge waits for the keys before it listens.
_SOURCE = replace(ADS_SOURCE, initial_fetch_timeout=timedelta(seconds=3))


def token_filter() -> HttpFilter:
    """Idle until the keys come. Without a control plane that knows them, tokens are checked by the services alone."""
    idle = packed(JwtAuthentication())
    discovered = ExtensionConfigSource(config_source=_SOURCE, default_config=idle, type_urls=[idle.type_url])
    return HttpFilter(name=_FILTER, config_discovery=discovered)


def token_check(jwks: str, issuer: str, audience: str) -> TypedExtensionConfig:
    """What the filter does, with the keys of `jwks` (JSON, RFC 7517)."""
    provider = JwtProvider(
        issuer=issuer,
        audiences=[audience],
        require_expiration=True,
        clock_skew_seconds=_CLOCKS,
        local_jwks=DataSource(inline_string=jwks),
        from_headers=[JwtHeader(name="authorization", value_prefix="Bearer ")],
        forward=True,
        jwt_cache_config=JwtCacheConfig(jwt_cache_size=_REMEMBERED),
        claim_to_headers=[JwtClaimToHeader(header_name=USER, claim_name="sub")],
    )
    either = [JwtRequirement(provider_name=_PROVIDER), JwtRequirement(allow_missing=Empty())]
    rule = RequirementRule(match=RouteMatch(prefix="/"), requires=JwtRequirement(requires_any=JwtRequirementOrList(requirements=either)))
    return TypedExtensionConfig(name=_FILTER, typed_config=packed(JwtAuthentication(providers={_PROVIDER: provider}, rules=[rule])))
