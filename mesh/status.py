"""The one place where an error becomes a `google.rpc.Status`."""

from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from mesh import errors

DOMAIN_PREFIX = "reelmesh"
INTERNAL_MESSAGE = "Something went wrong on our side. Quote the trace id when you report it."

_INTERNAL: int = code_pb2.INTERNAL
_CODES: dict[type[BaseException], int] = {
    errors.InvalidArgument: code_pb2.INVALID_ARGUMENT,
    errors.NotFound: code_pb2.NOT_FOUND,
    errors.AlreadyExists: code_pb2.ALREADY_EXISTS,
    errors.FailedPrecondition: code_pb2.FAILED_PRECONDITION,
    errors.Aborted: code_pb2.ABORTED,
    errors.Unauthenticated: code_pb2.UNAUTHENTICATED,
    errors.PermissionDenied: code_pb2.PERMISSION_DENIED,
    errors.ResourceExhausted: code_pb2.RESOURCE_EXHAUSTED,
    errors.Unavailable: code_pb2.UNAVAILABLE,
    errors.DeadlineExceeded: code_pb2.DEADLINE_EXCEEDED,
}


def code_of(error: BaseException) -> int:
    """The `google.rpc.Code`; INTERNAL for everything that is not one of ours."""
    return _CODES.get(type(error), _INTERNAL)


def to_status(error: BaseException, context: str, trace_id: str) -> status_pb2.Status:
    """The status of `error` as `reelmesh.<context>` tells it; text of a foreign exception never leaves this process."""
    if not isinstance(error, errors.MeshError):
        info = _info("INTERNAL", context, {"trace_id": trace_id})
        return status_pb2.Status(code=code_pb2.INTERNAL, message=INTERNAL_MESSAGE, details=[_packed(info)])
    details: list[Message] = [_info(error.reason, context, error.metadata), *_extra_details(error)]
    return status_pb2.Status(code=code_of(error), message=error.message, details=[_packed(detail) for detail in details])


def _info(reason: str, context: str, metadata: dict[str, str]) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=f"{DOMAIN_PREFIX}.{context}", metadata=metadata)


def _extra_details(error: errors.MeshError) -> list[Message]:
    match error:
        case errors.InvalidArgument():
            violation = error_details_pb2.BadRequest.FieldViolation
            fields = [violation(field=v.field, description=v.description) for v in error.violations]
            return [error_details_pb2.BadRequest(field_violations=fields)]
        case errors.NotFound() | errors.AlreadyExists():
            return [error_details_pb2.ResourceInfo(resource_type=error.resource_type, resource_name=error.resource_name)]
        case errors.FailedPrecondition():
            broken = error_details_pb2.PreconditionFailure.Violation(type=error.reason, subject=error.subject, description=error.message)
            return [error_details_pb2.PreconditionFailure(violations=[broken])]
        case errors.ResourceExhausted():
            quota = error_details_pb2.QuotaFailure.Violation(subject=error.subject, description=error.message)
            return [error_details_pb2.QuotaFailure(violations=[quota]), *_retry_info(error.retry_after)]
        case errors.Unavailable():
            return _retry_info(error.retry_after)
        case _:
            return []


def _retry_info(seconds: float) -> list[Message]:
    if seconds <= 0:
        return []
    delay = duration_pb2.Duration()
    delay.FromMilliseconds(int(seconds * 1000))
    return [error_details_pb2.RetryInfo(retry_delay=delay)]


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


def from_status(status: status_pb2.Status) -> errors.MeshError:
    """What another context answered, as the error that its own servicer raised; INTERNAL and unknown codes become Unavailable."""
    info, resource, violations, retry_after = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.ResourceInfo(),
        error_details_pb2.BadRequest(),
        1.0,
    )
    delay = error_details_pb2.RetryInfo()
    for detail in status.details:
        for known in (info, resource, violations, delay):
            detail.Unpack(known)
    if delay.HasField("retry_delay"):
        retry_after = delay.retry_delay.ToMilliseconds() / 1000
    reason = info.reason or code_pb2.Code.Name(status.code)
    match status.code:
        case code_pb2.INVALID_ARGUMENT:
            return errors.InvalidArgument([errors.Violation(v.field, v.description) for v in violations.field_violations], reason)
        case code_pb2.NOT_FOUND:
            return errors.NotFound(resource.resource_type, resource.resource_name, reason)
        case code_pb2.ALREADY_EXISTS:
            return errors.AlreadyExists(resource.resource_type, resource.resource_name, reason)
        case code_pb2.FAILED_PRECONDITION:
            return errors.FailedPrecondition(reason, status.message)
        case code_pb2.ABORTED:
            return errors.Aborted(reason, status.message)
        case code_pb2.UNAUTHENTICATED:
            return errors.Unauthenticated(reason, status.message)
        case code_pb2.PERMISSION_DENIED:
            return errors.PermissionDenied(reason, status.message)
        case code_pb2.RESOURCE_EXHAUSTED:
            return errors.ResourceExhausted(reason, status.message, "", retry_after)
        case code_pb2.DEADLINE_EXCEEDED:
            return errors.DeadlineExceeded()
        case _:
            return errors.Unavailable(reason, status.message, retry_after)
