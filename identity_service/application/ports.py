"""What the use cases need from outside, in their own words."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from identity_service.domain.accounts import Account, AccountState, Role
from identity_service.domain.audit import AuditEntry
from identity_service.domain.codes import Challenge, Purpose
from identity_service.domain.erasures import Erasure
from identity_service.domain.events import Event
from identity_service.domain.sessions import RefreshToken, Session
from identity_service.domain.throttling import Limit


class Hasher(Protocol):
    """Slow hashes of passwords, outside any transaction. Raises HashingBusy when too many wait."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """False without a hash too, after as much work."""

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than those of today."""


class Attempts(Protocol):
    """Counts tries before they are made, outside any transaction: a failure counts."""

    async def take(self, limits: Sequence[Limit], now: datetime) -> datetime | None:
        """None when all of them allow another try, which is counted; else when the last of those that do not will."""


class TakenAttempts(Protocol):
    """The same counters, inside the transaction of what was tried."""

    async def give_back(self, limits: Sequence[Limit]) -> None:
        """It succeeded and does not count."""


class Codes(Protocol):
    """The challenges, outside any transaction."""

    async def try_code(self, handle_hash: bytes, purpose: Purpose, now: datetime) -> Challenge | None:
        """Counts a try; None when there is no such challenge, or not any more, or no try is left."""


class Accounts(Protocol):
    """The accounts, inside a transaction."""

    async def add(self, account: Account) -> None:
        """Raises CodeWrong for an address that has an account by now."""

    async def lock(self, user: str) -> Account:
        """The account, which nobody else changes until this transaction ends; raises AccountNotFound."""

    async def save(self, account: Account) -> None: ...

    async def remove(self, account: Account) -> None:
        """With its sessions, devices and challenges."""

    async def user_of(self, email: str) -> str | None: ...


class Challenges(Protocol):
    """The codes that are waited for, inside a transaction."""

    async def add(self, challenge: Challenge) -> None: ...

    async def use(self, challenge: Challenge, now: datetime) -> None:
        """Raises CodeWrong when it was used already."""


class Sessions(Protocol):
    """Sessions with their refresh tokens, inside a transaction."""

    async def begin(self, session: Session, token_hash: bytes, device_hash: bytes, request_id: str) -> Session:
        """The session, or the one that began with this request id, with this as its only token; the device is known from now on."""

    async def find(self, token_hash: bytes) -> RefreshToken | None:
        """Of a session that has not ended; it stays locked until this transaction ends."""

    async def follow(self, token: RefreshToken, token_hash: bytes, salt: bytes, next_hash: bytes, now: datetime, expire: datetime) -> None:
        """The token is used, with this salt, and the next one is the last of its session."""

    async def remove(self, user: str, session: str) -> bool:
        """False when there is none."""

    async def remove_all(self, user: str) -> list[str]:
        """The sessions that have ended by this."""


class Erasures(Protocol):
    """Deletions of accounts, inside a transaction."""

    async def add(self, erasure: Erasure) -> None: ...


class Audit(Protocol):
    """The audit log, inside a transaction."""

    async def add(self, entry: AuditEntry) -> None: ...


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def accounts(self) -> Accounts: ...

    @property
    def challenges(self) -> Challenges: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def attempts(self) -> TakenAttempts: ...

    @property
    def erasures(self) -> Erasures: ...

    @property
    def audit(self) -> Audit: ...

    def add_event(self, event: Event) -> None: ...


class AccountReader(Protocol):
    """Reads of accounts, outside any transaction. Pages begin after a position, which is the sort key of a row: (create_time, user)."""

    async def account(self, user: str) -> Account | None: ...

    async def who_logs_in(self, email: str, device_hash: bytes) -> tuple[Account | None, bool]:
        """The account of the address, and whether somebody has logged in to it on this device before."""

    async def latest(
        self, query: str, state: AccountState | None, role: Role | None, limit: int, after: tuple[datetime, str] | None
    ) -> list[Account]: ...

    async def erasure(self, erasure: str) -> Erasure | None: ...

    async def sessions(self, user: str, now: datetime, limit: int, after: tuple[datetime, str] | None) -> list[Session]:
        """The latest first; the position is (create_time, session)."""

    async def audit_entries(self, subject: str, actor: str, limit: int, after: tuple[datetime, str] | None) -> list[AuditEntry]:
        """The latest first; the position is (create_time, entry)."""
