"""What a use case may know about the call that it serves: who asks, how long it may take, in which languages."""

import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple

from mesh.errors import PermissionDenied


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. `subject` is a resource name such as `users/alice`, empty for a caller without a token."""

    subject: str
    roles: frozenset[str]

    @property
    def is_anonymous(self) -> bool:
        return not self.subject

    def has(self, role: str) -> bool:
        return role in self.roles

    def owns(self, owner: str) -> bool:
        """Whether `owner` is this caller, or this caller administers everyone."""
        return self.subject == owner or "ADMIN" in self.roles

    def require_owner(self, owner: str) -> None:
        if not self.owns(owner):
            raise PermissionDenied("NOT_OWNER", "Only the owner may do this.")


ANONYMOUS = Principal("", frozenset())


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on this process's monotonic clock, in seconds."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - time.monotonic())

    def shortened(self, by: float) -> "Deadline":
        """The deadline for a part of the work, so that `by` seconds are left to put the answer together."""
        return Deadline(self.at - by)


class TraceContext(NamedTuple):
    """W3C trace context (https://www.w3.org/TR/trace-context/): 32 hex digits, and the header for the next hop."""

    trace_id: str
    traceparent: str

    @property
    def sampled(self) -> bool:
        return self.traceparent.endswith("1")


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a use case sees it; the transport under it does not show.

    `method` is the full gRPC path (`/reelmesh.movie.v1.MovieService/GetMovie`); `languages` are BCP 47 tags from
    Accept-Language, best first; `credentials` is the caller's own authorization header, passed on to other contexts.
    """

    method: str
    principal: Principal
    deadline: Deadline
    languages: tuple[str, ...]
    trace: TraceContext
    credentials: str = ""


# Channels read it to pass on deadline, trace and credentials; nothing else needs to thread a Call through.
current_call: ContextVar[Call | None] = ContextVar("current_call", default=None)
