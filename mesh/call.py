"""What a use case may know about the call that it serves: who asks, how long it may take, in which languages."""

import re
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from mesh.errors import PermissionDenied


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. `subject` is a resource name such as `users/alice`, empty for a caller without a token; `session` is the one that the
    token was issued in, empty for a token without."""

    subject: str
    roles: frozenset[str]
    session: str = ""

    @property
    def is_anonymous(self) -> bool:
        return not self.subject

    def has(self, role: str) -> bool:
        return role in self.roles

    def may_act_as(self, role: str) -> bool:
        """Whether this caller may do what `role` may: an ADMIN may do everything."""
        return role in self.roles or "ADMIN" in self.roles

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


Pair = tuple[str, str | bytes]

_USERS = "users/"
_NAME = re.compile(r"(?!grpc-)[0-9a-z_.-]+")


class Beside(Protocol):
    """What travels beside the messages of a call, as its transport keeps it."""

    @property
    def metadata(self) -> Mapping[str, str]: ...
    @property
    def binary(self) -> Mapping[str, bytes]: ...
    @property
    def leading(self) -> list[Pair]: ...
    @property
    def trailing(self) -> list[Pair]: ...
    @property
    def identity(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Call:
    """One call as a use case sees it; the transport under it does not show.

    `method` is the full gRPC path (`/reelmesh.movie.v1.MovieService/GetMovie`); `languages` are BCP 47 tags from
    Accept-Language, best first; `credentials` is the caller's own authorization header, passed on to other contexts;
    `beside` is None for a call that no transport brought; `service` is which of ours makes the call, for whomever `principal` is, empty
    when the caller has not shown that it is one.
    """

    method: str
    principal: Principal
    deadline: Deadline
    languages: tuple[str, ...]
    trace: TraceContext
    credentials: str = ""
    beside: Beside | None = field(default=None, repr=False, compare=False)
    service: str = ""

    @property
    def metadata(self) -> Mapping[str, str]:
        """Text that came with the call, by lower-case name."""
        return self.beside.metadata if self.beside is not None else {}

    @property
    def binary_metadata(self) -> Mapping[str, bytes]:
        """Bytes that came with the call; their names end in `-bin`."""
        return self.beside.binary if self.beside is not None else {}

    @property
    def peer(self) -> str:
        """Which process is at the other end, as its certificate says: a context, `edge`, `operator`; empty without mTLS.

        Whose request it is says `principal`: a service calls for its caller.
        """
        return self.beside.identity if self.beside is not None else ""

    def add_leading(self, name: str, value: str | bytes) -> None:
        """Goes out ahead of the first message: it has to be added before that is given."""
        if self.beside is not None:
            self.beside.leading.append(_pair(name, value))

    def add_trailing(self, name: str, value: str | bytes) -> None:
        """Goes out with the status, whichever it is."""
        if self.beside is not None:
            self.beside.trailing.append(_pair(name, value))


# Channels read it to pass on deadline, trace and credentials; nothing else needs to thread a Call through.
current_call: ContextVar[Call | None] = ContextVar("current_call", default=None)


def _pair(name: str, value: str | bytes) -> Pair:
    if not _NAME.fullmatch(name) or name.endswith("-bin") is isinstance(value, str):
        raise ValueError(
            f"{name!r} is not a name for metadata of this kind: lower case, not grpc-…, and -bin at the end of those with bytes"
        )
    if isinstance(value, str) and not (value.isascii() and value.isprintable()):
        raise ValueError(f"{name}: text metadata is printable ASCII; anything else goes into {name}-bin")
    return name, value


def calling_user(call: Call) -> str:
    """The id of the user who calls; for methods that other principals (a service's own) have no use for."""
    subject = call.principal.subject
    if not subject.startswith(_USERS):
        raise PermissionDenied("ROLE_MISSING", "This method needs the token of a user.")
    return subject.removeprefix(_USERS)
