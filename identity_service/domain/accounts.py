"""Who can log in, what they may do, and what they say about themselves."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from identity_service.domain.errors import AccountChanged


class Role(Enum):
    """What somebody may do; the names are those in tokens."""

    USER = 1
    MODERATOR = 2
    BOX_OFFICE = 3
    ADMIN = 4


class AccountState(Enum):
    """A deleted account is not there."""

    ACTIVE = 1
    SUSPENDED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The part of an account that its owner decides. Languages are BCP 47 tags, regions ISO 3166-1 codes; empty is not said."""

    display_name: str = ""
    language_code: str = ""
    region_code: str = ""
    favorite_genres: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`email` is normalised; `password_hash` is argon2's own text. `revision` counts changes of what others see of it."""

    user: str
    email: str
    password_hash: str = field(repr=False)
    profile: Profile
    create_time: datetime
    update_time: datetime
    roles: frozenset[Role] = frozenset({Role.USER})
    state: AccountState = AccountState.ACTIVE
    revision: int = 1

    @property
    def etag(self) -> str:
        return f"{int(self.create_time.timestamp() * 1_000_000):x}-{self.revision:x}"

    def require_etag(self, etag: str) -> None:
        """An empty etag is any."""
        if etag and etag != self.etag:
            raise AccountChanged

    def with_profile(self, profile: Profile, now: datetime) -> "Account":
        return self if profile == self.profile else self._changed(now, profile=profile)

    def suspended(self, now: datetime) -> "Account":
        return self if self.state is AccountState.SUSPENDED else self._changed(now, state=AccountState.SUSPENDED)

    def restored(self, now: datetime) -> "Account":
        return self if self.state is AccountState.ACTIVE else self._changed(now, state=AccountState.ACTIVE)

    def with_roles(self, roles: frozenset[Role], now: datetime) -> "Account":
        wanted = roles | {Role.USER}
        return self if wanted == self.roles else self._changed(now, roles=wanted)

    def with_password(self, password_hash: str) -> "Account":
        return replace(self, password_hash=password_hash)

    def _changed(self, now: datetime, **what: object) -> "Account":
        return replace(self, update_time=now, revision=self.revision + 1, **what)  # type: ignore[arg-type]  # fields of the two callers above


def normalised_email(email: str) -> str:
    """Mailboxes that differ in case only are one in practice, and two accounts for them would be a trap."""
    return email.lower()
