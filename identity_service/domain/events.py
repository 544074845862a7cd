"""What happened, as other contexts are told."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from identity_service.domain.accounts import Profile, Role
from identity_service.domain.sessions import EndReason


@dataclass(frozen=True, slots=True)
class AccountRegistered:
    user: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class ProfileChanged:
    user: str
    profile: Profile


@dataclass(frozen=True, slots=True)
class AccountSuspended:
    user: str


@dataclass(frozen=True, slots=True)
class AccountRestored:
    user: str


@dataclass(frozen=True, slots=True)
class AccountDeleted:
    user: str


@dataclass(frozen=True, slots=True)
class RolesChanged:
    user: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    user: str


@dataclass(frozen=True, slots=True)
class SessionRevoked:
    user: str
    session: str
    reason: EndReason
    time: datetime


@dataclass(frozen=True, slots=True)
class ErasureRequested:
    erasure: str
    user: str
    time: datetime


class Letter(Enum):
    """What an e-mail says."""

    VERIFICATION = 1
    ALREADY_REGISTERED = 2
    PASSWORD_RESET = 3
    NOT_REGISTERED = 4
    PASSWORD_CHANGED = 5
    TOKEN_REUSED = 6
    ACCOUNT_DELETED = 7


@dataclass(frozen=True, slots=True)
class EmailRequested:
    """`expire_time` is that of the code."""

    letter: Letter
    to: str = field(repr=False)
    language_code: str
    code: str = field(default="", repr=False)
    expire_time: datetime | None = None


Event = (
    AccountRegistered
    | ProfileChanged
    | AccountSuspended
    | AccountRestored
    | AccountDeleted
    | RolesChanged
    | PasswordChanged
    | SessionRevoked
    | ErasureRequested
    | EmailRequested
)
