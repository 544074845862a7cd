"""How many requests an address and a user may make, whatever for; each edge counts by itself."""

from datetime import timedelta

from envoy_data_plane.envoy.config.core.v3 import (
    HeaderValue,
    HeaderValueOption,
    HeaderValueOptionHeaderAppendAction,
    RuntimeFractionalPercent,
)
from envoy_data_plane.envoy.config.route.v3 import (
    RateLimit,
    RateLimitAction,
    RateLimitActionMaskedRemoteAddress,
    RateLimitActionRequestHeaders,
)
from envoy_data_plane.envoy.extensions.common.ratelimit.v3 import LocalRateLimitDescriptor, RateLimitDescriptorEntry
from envoy_data_plane.envoy.extensions.filters.http.local_ratelimit.v3 import LocalRateLimit
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.envoy.type.v3 import TokenBucket

from edge.conditions import fraction
from edge.tokens import USER
from mesh.control_plane.resources import packed

_BURST = 10  # seconds' worth of requests that may come at once
_REMEMBERED = 20_000  # addresses or users; the one that was quiet for longest is forgotten, and begins anew
_SECOND = timedelta(seconds=1)
_UNLIMITED = 2**32 - 1
_ADDRESS, _USER = "masked_remote_address", "user"


def address_limit(per_second: int) -> list[HttpFilter]:
    """By IPv4 address, or by IPv6 network of 64 bits, which is what one customer is given. None for 0."""
    masked = RateLimitActionMaskedRemoteAddress(v4_prefix_mask_len=32, v6_prefix_mask_len=64)
    return _limit("address", _ADDRESS, RateLimitAction(masked_remote_address=masked), per_second)


def user_limit(per_second: int) -> list[HttpFilter]:
    """By the subject of the token, behind the filter that verifies it. None for 0."""
    header = RateLimitActionRequestHeaders(header_name=USER, descriptor_key=_USER)
    return _limit("user", _USER, RateLimitAction(request_headers=header), per_second)


def _limit(name: str, key: str, action: RateLimitAction, per_second: int) -> list[HttpFilter]:
    if not per_second:
        return []
    always = RuntimeFractionalPercent(default_value=fraction(1.0))
    retry = HeaderValueOption(
        header=HeaderValue(key="retry-after", value="1"), append_action=HeaderValueOptionHeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
    )
    config = LocalRateLimit(
        stat_prefix=f"edge_{name}",
        filter_enabled=always,
        filter_enforced=always,
        # For requests that have no such key: Envoy wants a bucket for them.
        token_bucket=_bucket(_UNLIMITED, _UNLIMITED),
        always_consume_default_token_bucket=False,
        rate_limits=[RateLimit(actions=[action])],
        # Without a value it is a bucket for each value.
        descriptors=[
            LocalRateLimitDescriptor(entries=[RateLimitDescriptorEntry(key=key)], token_bucket=_bucket(per_second * _BURST, per_second))
        ],
        max_dynamic_descriptors=_REMEMBERED,
        response_headers_to_add=[retry],
    )
    return [HttpFilter(name=f"limit.{name}", typed_config=packed(config))]


def _bucket(most: int, per_second: int) -> TokenBucket:
    return TokenBucket(max_tokens=most, tokens_per_fill=per_second, fill_interval=_SECOND)
