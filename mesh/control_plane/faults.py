"""Injected faults, as Envoy's fault filter and gRPC's read them on a route."""

from collections.abc import Mapping
from datetime import timedelta

from envoy_data_plane.envoy.extensions.filters.common.fault.v3 import FaultDelay
from envoy_data_plane.envoy.extensions.filters.http.fault.v3 import FaultAbort, HttpFault
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.envoy.type.v3 import FractionalPercent, FractionalPercentDenominatorType
from envoy_data_plane.google.protobuf import Any

from mesh.control_plane.envoy_bootstrap import FAULT_FILTER
from mesh.control_plane.resources import packed
from mesh.control_plane.rules import AbortCode, Fault

# https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md, the other way round
_HTTP_STATUS = {
    AbortCode.DEADLINE_EXCEEDED: 504,
    AbortCode.RESOURCE_EXHAUSTED: 429,
    AbortCode.INTERNAL: 500,
    AbortCode.UNAVAILABLE: 503,
}
_PARTS_OF_A_PERCENT = 10_000


def fault_filter() -> HttpFilter:
    """Idle on every route without a fault of its own."""
    return HttpFilter(name=FAULT_FILTER, typed_config=packed(HttpFault()))


def fault_of_route(fault: Fault | None, *, over_http: bool = False) -> Mapping[str, Any]:
    """For `typed_per_filter_config` of a route. `over_http` where the caller may have come over HTTP/JSON: an abort with a gRPC status is
    HTTP 200 to Envoy, and would pass for success."""
    if fault is None:
        return {}
    percentage = FractionalPercent(
        numerator=round(fault.percent * _PARTS_OF_A_PERCENT), denominator=FractionalPercentDenominatorType.MILLION
    )
    delay = FaultDelay(fixed_delay=timedelta(milliseconds=fault.delay_ms), percentage=percentage) if fault.delay_ms else None
    abort = None
    if fault.abort is not None:
        abort = FaultAbort(percentage=percentage)
        if over_http:
            abort.http_status = _HTTP_STATUS[fault.abort]
        else:
            abort.grpc_status = fault.abort.value
    return {FAULT_FILTER: packed(HttpFault(delay=delay, abort=abort))}
