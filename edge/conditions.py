"""Conditions on a request and its answer, and shares of requests, as Envoy writes them for access logs and for answers of its own."""

from envoy_data_plane.envoy.config.accesslog.v3 import (
    AccessLogFilter,
    AndFilter,
    ComparisonFilter,
    ComparisonFilterOp,
    ExtensionFilter,
    HeaderFilter,
    StatusCodeFilter,
)
from envoy_data_plane.envoy.config.core.v3 import RuntimeUInt32
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher
from envoy_data_plane.envoy.extensions.access_loggers.filters.cel.v3 import ExpressionFilter
from envoy_data_plane.envoy.type.v3 import FractionalPercent, FractionalPercentDenominatorType

from mesh.control_plane.resources import packed


def fraction(share: float) -> FractionalPercent:
    """Of 0 to 1."""
    return FractionalPercent(numerator=round(share * 1_000_000), denominator=FractionalPercentDenominatorType.MILLION)


def all_of(*filters: AccessLogFilter) -> AccessLogFilter:
    return AccessLogFilter(and_filter=AndFilter(filters=list(filters)))


def header(matcher: HeaderMatcher) -> AccessLogFilter:
    return AccessLogFilter(header_filter=HeaderFilter(header=matcher))


def details_say(words: str) -> AccessLogFilter:
    """Of answers that Envoy makes itself: why (`%RESPONSE_CODE_DETAILS%`), as far as it has `words` in it; no words are in every reason."""
    expression = ExpressionFilter(expression=f'response.code_details.contains("{words}")')
    named = ExtensionFilter(name="envoy.access_loggers.extension_filters.cel", typed_config=packed(expression))
    return AccessLogFilter(extension_filter=named)


def status_is(status: int) -> AccessLogFilter:
    return _status(ComparisonFilterOp.EQ, status)


def status_from(status: int) -> AccessLogFilter:
    return _status(ComparisonFilterOp.GE, status)


def _status(op: ComparisonFilterOp, status: int) -> AccessLogFilter:
    value = RuntimeUInt32(default_value=status, runtime_key=f"edge.status.{op.value}.{status}")
    return AccessLogFilter(status_code_filter=StatusCodeFilter(comparison=ComparisonFilter(op=op, value=value)))
