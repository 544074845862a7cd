"""Every answer that Envoy makes up itself, in the shape of the services' errors: google.rpc.Status, as JSON or as gRPC status."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from envoy_data_plane.envoy.config.accesslog.v3 import AccessLogFilter
from envoy_data_plane.envoy.config.core.v3 import (
    DataSource,
    HeaderValue,
    HeaderValueOption,
    HeaderValueOptionHeaderAppendAction,
    SubstitutionFormatString,
)
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import LocalReplyConfig, ResponseMapper
from envoy_data_plane.envoy.type.matcher.v3 import StringMatcher
from envoy_data_plane.google.protobuf import Struct
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from edge.conditions import all_of, details_say, header, status_from, status_is
from edge.probes import unknown_readiness

# The transcoder keeps the path it was asked for in this header, which nobody outside can send (see listener.py).
TRANSCODED = "x-envoy-original-path"
_DOMAIN = "reelmesh.edge"
_RETRY_SECONDS = 1
_VIOLATION = error_details_pb2.QuotaFailure.Violation(subject="requests", description="more requests in a time than one caller may make")
_TYPE = "type.googleapis.com/google.rpc."
# Envoy's own words, for the errors where they help a caller; elsewhere they tell of addresses and resets.
_ENVOYS_WORDS = "%LOCAL_REPLY_BODY%"


@dataclass(frozen=True, slots=True)
class _Error:
    code: int
    reason: str
    message: str
    envoys_words: bool = False  # over HTTP, instead of `message`
    retry: bool = False
    quota: bool = False
    http: int | None = None  # instead of Envoy's


_ERRORS: Mapping[int, _Error] = {
    400: _Error(code_pb2.INVALID_ARGUMENT, "BAD_REQUEST", "the request is malformed", envoys_words=True),
    404: _Error(code_pb2.NOT_FOUND, "PATH_NOT_FOUND", "there is nothing at this path"),
    405: _Error(code_pb2.UNIMPLEMENTED, "METHOD_NOT_ALLOWED", "this path does not have this method", envoys_words=True),
    408: _Error(code_pb2.DEADLINE_EXCEEDED, "REQUEST_TIMEOUT", "the request did not arrive in time"),
    413: _Error(code_pb2.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE", "the request body is too large"),
    415: _Error(code_pb2.INVALID_ARGUMENT, "UNSUPPORTED_MEDIA_TYPE", "this content type is not understood"),
    426: _Error(code_pb2.INVALID_ARGUMENT, "UPGRADE_REQUIRED", "a newer HTTP is needed"),
    429: _Error(code_pb2.RESOURCE_EXHAUSTED, "TOO_MANY_REQUESTS", "too many requests", retry=True, quota=True),
    431: _Error(code_pb2.INVALID_ARGUMENT, "HEADERS_TOO_LARGE", "the request headers are too large"),
    500: _Error(code_pb2.INTERNAL, "INTERNAL", "internal error"),
    501: _Error(code_pb2.UNIMPLEMENTED, "NOT_IMPLEMENTED", "this kind of request is not understood"),
    502: _Error(code_pb2.UNAVAILABLE, "BAD_GATEWAY", "the service gave no usable answer", retry=True),
    503: _Error(code_pb2.UNAVAILABLE, "SERVICE_UNAVAILABLE", "the service is not available", retry=True),
    504: _Error(code_pb2.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the service did not answer in time"),
}
# A token that the edge refuses, as a service would say it: the first whose words are among Envoy's reasons. The edge forbids nothing:
# a 403 of its own is a token for somebody else's platform.
_TOKENS: Mapping[str, _Error] = {
    "Jwt_is_expired": _Error(code_pb2.UNAUTHENTICATED, "TOKEN_EXPIRED", "The access token has expired."),
    "match_kid_or_alg": _Error(code_pb2.UNAUTHENTICATED, "TOKEN_NOT_OURS", "The access token was not issued for this platform."),
    "": _Error(code_pb2.UNAUTHENTICATED, "TOKEN_INVALID", "The access token does not hold.", http=401),
}
_ANY_OTHER = _Error(code_pb2.UNKNOWN, "UNKNOWN", "the request failed")
# gRPC callers get what Envoy derives from the HTTP status, but for these: a path is a method to them, and Envoy's guess would be retried.
_GRPC_CODES = {404: code_pb2.UNIMPLEMENTED}


def local_replies() -> LocalReplyConfig:
    mappers = [unknown_readiness()]
    known = list(_known())
    mappers += [_grpc_mapper(condition, error, status) for status, condition, error in known]
    mappers += [_json_mapper(condition, error) for _, condition, error in known]
    mappers.append(_json_mapper(status_from(400), _ANY_OTHER))
    return LocalReplyConfig(mappers=mappers)


def _known() -> Iterator[tuple[int, AccessLogFilter, _Error]]:
    for status in (401, 403):
        for words, error in _TOKENS.items():
            yield status, all_of(status_is(status), details_say(words)), error
    for status, error in _ERRORS.items():
        yield status, status_is(status), error


def _grpc_mapper(condition: AccessLogFilter, error: _Error, status: int) -> ResponseMapper:
    """A whole gRPC answer in its headers, so that gRPC-Web takes it as it is: left alone, Envoy would derive the code from the status."""
    code = _GRPC_CODES.get(status, error.code)
    headers = {
        "content-type": "application/grpc",
        "grpc-status": str(code),
        "grpc-message": error.message,
        "grpc-status-details-bin": base64.b64encode(_status(code, error).SerializeToString()).decode().rstrip("="),
    }
    return ResponseMapper(
        filter=all_of(condition, *_grpc_callers()),
        status_code=200,
        body_format_override=SubstitutionFormatString(text_format_source=DataSource(inline_string="")),
        headers_to_add=[_header(name, value) for name, value in headers.items()],
    )


def _status(code: int, error: _Error) -> status_pb2.Status:
    details: list[Message] = [error_details_pb2.ErrorInfo(reason=error.reason, domain=_DOMAIN)]
    if error.quota:
        details.append(error_details_pb2.QuotaFailure(violations=[_VIOLATION]))
    if error.retry:
        details.append(error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=_RETRY_SECONDS)))
    packed = [any_pb2.Any() for _ in details]
    for target, detail in zip(packed, details, strict=True):
        target.Pack(detail)
    return status_pb2.Status(code=code, message=error.message, details=packed)


def _header(name: str, value: str) -> HeaderValueOption:
    return HeaderValueOption(
        header=HeaderValue(key=name, value=value), append_action=HeaderValueOptionHeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
    )


def _json_mapper(condition: AccessLogFilter, error: _Error) -> ResponseMapper:
    details: list[dict[str, object]] = [
        {
            "@type": f"{_TYPE}ErrorInfo",
            "reason": error.reason,
            "domain": _DOMAIN,
            "metadata": {"request_id": "%REQ(X-REQUEST-ID)%"},
        }
    ]
    if error.quota:
        violation = {"subject": _VIOLATION.subject, "description": _VIOLATION.description}
        details.append({"@type": f"{_TYPE}QuotaFailure", "violations": [violation]})
    if error.retry:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{_RETRY_SECONDS}s"})
    message = _ENVOYS_WORDS if error.envoys_words else error.message
    status = {"code": error.code, "message": message, "details": details}
    shape = SubstitutionFormatString(json_format=Struct.from_dict(status), content_type="application/json", omit_empty_values=True)
    return ResponseMapper(filter=condition, status_code=error.http, body_format_override=shape)


def _grpc_callers() -> tuple[AccessLogFilter, AccessLogFilter]:
    """gRPC and gRPC-Web: the content type says so, and it was not the transcoder who wrote it."""
    content = HeaderMatcher(name="content-type", string_match=StringMatcher(prefix="application/grpc"))
    transcoded = HeaderMatcher(name=TRANSCODED, present_match=True, invert_match=True)
    return header(content), header(transcoded)
