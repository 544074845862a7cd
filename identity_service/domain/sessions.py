"""A login and the chain of its refresh tokens, of which the last is good; each is used once."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from identity_service.domain.accounts import Role


class EndReason(Enum):
    """Why a session ended before its time."""

    LOGGED_OUT = 1
    TOKEN_REUSED = 2
    PASSWORD_CHANGED = 3
    ACCOUNT_SUSPENDED = 4
    ACCOUNT_DELETED = 5
    ROLES_CHANGED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`client` is what the client called itself, `address` where it came from."""

    session: str
    user: str
    client: str
    address: str
    create_time: datetime
    refresh_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long a refresh token holds, and for how long a used one is still answered with the next one."""

    refresh: timedelta = timedelta(days=30)
    grace: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """A token of the chain as it is stored. `number` counts from 1; `salt` makes the next one and is there once it was used."""

    session: Session
    roles: frozenset[Role]
    email: str
    language_code: str
    number: int
    last_number: int
    use_time: datetime | None
    salt: bytes = field(repr=False)


class Use(Enum):
    """What using a refresh token now comes to."""

    FIRST = "first"
    AGAIN = "again"  # the answer was lost
    STOLEN = "stolen"


def use_of(token: RefreshToken, now: datetime, grace: timedelta) -> Use:
    """A used token is answered again only while its successor is unused: then nobody can have gained anything by it."""
    if token.use_time is None:
        return Use.FIRST
    return Use.AGAIN if token.number == token.last_number - 1 and now - token.use_time <= grace else Use.STOLEN


def new_secret() -> str:
    """256 random bits, 43 characters: refresh tokens, handles, devices."""
    return secrets.token_urlsafe(32)


def new_salt() -> bytes:
    return secrets.token_bytes(32)


def next_token(token: str, salt: bytes) -> str:
    """Follows from the token and the salt, so that it can be answered a second time without being stored."""
    return base64.urlsafe_b64encode(hmac.digest(salt, token.encode(), "sha256")).rstrip(b"=").decode()


def hash_of(secret: str) -> bytes:
    """A secret of 256 bits needs no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
