"""The errors a caller can be told about; each is one row of the error table in docs/api.md.

Domain errors are plain classes of their context; its servicer maps them to these. `mesh.status` turns these, and only
these, into `google.rpc.Status`.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that a request has wrong: `field` is the path in proto names, `description` a sentence for its author."""

    field: str
    description: str


class MeshError(Exception):
    """An answer other than success. `reason` is UPPER_SNAKE and stable; `metadata` holds strings a program may use."""

    def __init__(self, reason: str, message: str, **metadata: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = metadata


class InvalidArgument(MeshError):
    """The request itself is wrong, whatever the state of the system: every violation at once."""

    def __init__(self, violations: Sequence[Violation], reason: str = "INVALID_ARGUMENT") -> None:
        super().__init__(reason, "; ".join(f"{v.field}: {v.description}" for v in violations[:5]))
        self.violations = tuple(violations)


class _AboutResource(MeshError):
    def __init__(self, resource_type: str, resource_name: str, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.resource_type = resource_type
        self.resource_name = resource_name


class NotFound(_AboutResource):
    """The named resource does not exist, or is deleted."""

    def __init__(self, resource_type: str, resource_name: str, reason: str = "RESOURCE_NOT_FOUND") -> None:
        super().__init__(resource_type, resource_name, reason, f"{resource_name} does not exist.")


class AlreadyExists(_AboutResource):
    """The chosen id is taken."""

    def __init__(self, resource_type: str, resource_name: str, reason: str = "RESOURCE_ALREADY_EXISTS") -> None:
        super().__init__(resource_type, resource_name, reason, f"{resource_name} exists already.")


class FailedPrecondition(MeshError):
    """An invariant or the resource's state forbids it; `subject` names what stands in the way."""

    def __init__(self, reason: str, message: str, subject: str = "", **metadata: str) -> None:
        super().__init__(reason, message, **metadata)
        self.subject = subject


class Aborted(MeshError):
    """A stale etag or a lost race: read again, then try again."""


class Unauthenticated(MeshError):
    """No token, or one that does not hold."""


class PermissionDenied(MeshError):
    """The caller is known and may not; said before anything is looked up."""


class ResourceExhausted(MeshError):
    """Over a limit; `retry_after` is in seconds, 0 when waiting does not help."""

    def __init__(self, reason: str, message: str, subject: str, retry_after: float = 0.0) -> None:
        super().__init__(reason, message)
        self.subject = subject
        self.retry_after = retry_after


class Unavailable(MeshError):
    """A dependency is away; the same call may work after `retry_after` seconds."""

    def __init__(self, reason: str, message: str, retry_after: float = 1.0) -> None:
        super().__init__(reason, message)
        self.retry_after = retry_after


class DeadlineExceeded(MeshError):
    """The caller's time ran out before the answer was there."""

    def __init__(self) -> None:
        super().__init__("DEADLINE_EXCEEDED", "The deadline passed before the answer was ready.")
