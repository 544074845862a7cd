"""One line of JSON for a request at the edge: for every one that failed, and for a share of the others."""

from envoy_data_plane.envoy.config.accesslog.v3 import (
    AccessLog,
    AccessLogFilter,
    GrpcStatusFilter,
    GrpcStatusFilterStatus,
    OrFilter,
    RuntimeFilter,
)
from envoy_data_plane.envoy.config.core.v3 import SubstitutionFormatString
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher
from envoy_data_plane.envoy.extensions.access_loggers.stream.v3 import StdoutAccessLog
from envoy_data_plane.envoy.type.matcher.v3 import StringMatcher
from envoy_data_plane.google.protobuf import Struct

from edge.arrival import ASKED_PATH
from edge.conditions import all_of, fraction, header, status_from
from mesh.control_plane.resources import packed

# In the words of the services' own access log, where both know the same.
_LINE = {
    "timestamp": "%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)%",
    "level": "info",
    "logger": "edge.access",
    "event": "request",
    "service": "edge",
    "trace_id": "%TRACE_ID%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "method": "%REQ(X-ENVOY-ORIGINAL-METHOD?:METHOD)%",
    "path": f"%FILTER_STATE({ASKED_PATH}:PLAIN)%",
    "rpc": "%ROUTE_NAME%",
    "status": "%RESPONSE_CODE%",
    "code": "%GRPC_STATUS(SNAKE_STRING)%",
    "ms": "%DURATION%",
    "context": "%UPSTREAM_CLUSTER%",
    "upstream": "%UPSTREAM_HOST%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "bytes_sent": "%BYTES_SENT%",
    "peer": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "protocol": "%PROTOCOL%",
}


def access_log(ratio: float) -> AccessLog:
    """On standard output. `ratio` is the share of requests without an error that is told."""
    line = SubstitutionFormatString(json_format=Struct.from_dict(_LINE), omit_empty_values=True)
    wanted = OrFilter(filters=[status_from(400), _grpc_error(), _share(ratio)])
    return AccessLog(
        name="envoy.access_loggers.stdout",
        filter=AccessLogFilter(or_filter=wanted),
        typed_config=packed(StdoutAccessLog(log_format=line)),
    )


def _grpc_error() -> AccessLogFilter:
    """Of gRPC callers, whose errors arrive as HTTP 200. What is no gRPC has no such status, and the filter would take it for UNKNOWN."""
    is_grpc = HeaderMatcher(name="content-type", string_match=StringMatcher(prefix="application/grpc"))
    failed = AccessLogFilter(grpc_status_filter=GrpcStatusFilter(statuses=[GrpcStatusFilterStatus.OK], exclude=True))
    return all_of(header(is_grpc), failed)


def _share(ratio: float) -> AccessLogFilter:
    return AccessLogFilter(
        runtime_filter=RuntimeFilter(runtime_key="edge.access_log.share", percent_sampled=fraction(ratio), use_independent_randomness=True)
    )
