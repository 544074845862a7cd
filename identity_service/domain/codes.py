"""One-time codes: six digits that come by e-mail, and the handle that only whoever asked for them has."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from identity_service.domain.accounts import Profile

CODE_LIFETIME = timedelta(minutes=10)
MOST_TRIES = 5


class Purpose(Enum):
    """What a code is good for, and for nothing else."""

    REGISTRATION = 1
    PASSWORD_RESET = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """Waits for its code. `handle_hash` is its key, `user` the account that a reset is for.

    Where there is nothing to be opened (a registration with a taken address, a reset of an unknown one) no code fits: `code_hash` is that
    of a code that nobody was sent, so that all of them are made with the same work.
    """

    handle_hash: bytes
    purpose: Purpose
    email: str
    code_hash: bytes
    expire_time: datetime
    user: str = ""
    password_hash: str = field(default="", repr=False)
    profile: Profile = field(default_factory=Profile)


def new_code() -> str:
    return f"{secrets.randbelow(1_000_000):06d}"


def handle_hash(handle: str) -> bytes:
    return hashlib.sha256(handle.encode()).digest()


def code_hash(handle: str, purpose: Purpose, code: str) -> bytes:
    """Keyed by the handle, which is not stored: a million codes are soon tried, but not without it."""
    return hmac.digest(handle.encode(), f"{purpose.value}:{code}".encode(), "sha256")


def fits(challenge: Challenge, handle: str, code: str) -> bool:
    return hmac.compare_digest(challenge.code_hash, code_hash(handle, challenge.purpose, code))
