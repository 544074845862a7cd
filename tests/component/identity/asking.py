"""Short ways through identity: an account with its code, a login, what was published."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from google.protobuf.message import Message

from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from reelmesh.identity.v1 import events_pb2
from reelmesh.identity.v1.account_pb2 import Account
from reelmesh.identity.v1.account_service_pb2 import RegisterRequest, RegisterResponse, VerifyEmailRequest
from reelmesh.identity.v1.events_pb2 import EmailRequested
from reelmesh.identity.v1.session_service_pb2 import LogInRequest, LogInResponse
from reelmesh.privacy.v1 import events_pb2 as privacy_pb2
from tests.services import Metadata

PASSWORD = "seven samurai ride"
OTHER_PASSWORD = "eight samurai walk"
WRONG_PASSWORD = "seven samurai fly"
COMMON_PASSWORD = "password1234"  # pragma: allowlist secret
M = TypeVar("M", bound=Message)
_EVENTS = text_statement("SELECT type_name, payload FROM outbox ORDER BY id")


@dataclass
class Clock:
    """Stands still until a test moves it."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


def from_address(address: str) -> Metadata:
    """As the edge says where a call comes from."""
    return (("x-forwarded-for", address),)


def bearer(login: LogInResponse) -> Metadata:
    return (("authorization", f"Bearer {login.tokens.access_token}"),)


@dataclass
class Asking:
    """One running service and its stubs."""

    running: RunningService
    accounts: Any
    sessions: Any
    clock: Clock

    @property
    def database(self) -> Database:
        return self.running.foundation.database

    async def register(self, email: str, password: str = PASSWORD, **more: Any) -> RegisterResponse:
        begun: RegisterResponse = await self.accounts.Register(RegisterRequest(email=email, password=password, **more))
        return begun

    async def account(self, email: str, password: str = PASSWORD, **profile: Any) -> Account:
        """A verified one."""
        begun = await self.register(email, password, account=Account(**profile))
        request = VerifyEmailRequest(registration=begun.registration, code=await self.code_for(email))
        account: Account = (await self.accounts.VerifyEmail(request)).account
        return account

    async def log_in(self, email: str, password: str = PASSWORD, *, address: str = "192.0.2.1", **more: Any) -> LogInResponse:
        request = LogInRequest(email=email, password=password, **more)
        login: LogInResponse = await self.sessions.LogIn(request, metadata=from_address(address))
        return login

    async def letters(self, email: str) -> list[EmailRequested]:
        found = await self.published(EmailRequested)
        return [letter for letter in found if letter.to == email.lower()]

    async def code_for(self, email: str) -> str:
        return [letter.code for letter in await self.letters(email)][-1]

    async def published(self, kind: type[M]) -> list[M]:
        return [event for event in await self.everything_published() if isinstance(event, kind)]

    async def everything_published(self) -> list[Message]:
        kinds = vars(events_pb2) | {name: kind for name, kind in vars(privacy_pb2).items() if name.startswith("Erasure")}
        rows = await self.database.fetch_all(_EVENTS)
        return [kinds[name.rpartition(".")[2]].FromString(payload) for name, payload in rows]
