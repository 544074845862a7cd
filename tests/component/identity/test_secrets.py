"""Passwords, codes, handles and tokens are in no line of log, no span and no error, whatever goes well or wrong."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from reelmesh.identity.v1 import account_service_pb2 as a
from reelmesh.identity.v1 import session_service_pb2 as s
from reelmesh.identity.v1.account_service_pb2_grpc import AccountServiceStub
from reelmesh.identity.v1.session_service_pb2_grpc import SessionServiceStub
from stack.servers.command import accepts, free_port
from tests.component.identity.asking import COMMON_PASSWORD, OTHER_PASSWORD, PASSWORD, WRONG_PASSWORD, Asking, Clock
from tests.component.identity.conftest import publish_key
from tests.services import Answer, stub_of, write_jwks
from tests.spans import Collector, collecting

MAIL = "alice@example.org"
_ROOT = Path(__file__).parents[3]
# Whatever they are in, statements fail now, with the rows that they were about.
_BROKEN = (
    text_statement("ALTER TABLE accounts ADD CONSTRAINT never CHECK (password_hash = '') NOT VALID"),
    text_statement("ALTER TABLE challenges ADD CONSTRAINT never_either CHECK (email = '') NOT VALID"),
    text_statement("ALTER TABLE sessions RENAME COLUMN client TO broken"),
)


class Watching:
    """Asks with a trace that is recorded, and keeps every secret that went over the wire and every error that came back."""

    def __init__(self, identity: Asking) -> None:
        self._identity = identity
        self.secrets: set[str] = set()
        self.errors: list[str] = []

    async def ask(self, stub: Any, method: str, request: Any, **metadata: str) -> Any:
        self._keep(request)
        sampled = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-01", "user-agent-of-test": "yes", **metadata}
        try:
            answer = await getattr(stub, method)(request, metadata=tuple(sampled.items()))
        except grpc.aio.AioRpcError as error:
            self.errors.append(f"{Answer(error).status} {error}")
            return None
        self._keep(answer)
        return answer

    def _keep(self, message: Any) -> None:
        for field, value in message.ListFields():
            if field.GetOptions().debug_redact:
                self.secrets.add(value)
            elif field.message_type is not None and not field.is_repeated:
                self._keep(value)


async def everything(identity: Asking, watching: Watching) -> None:
    """Each way once right and once wrong, then all of them on a broken database."""
    accounts, sessions = identity.accounts, identity.sessions
    begun = await watching.ask(accounts, "Register", a.RegisterRequest(email=MAIL, password=PASSWORD, request_id="r-1"))
    await watching.ask(accounts, "Register", a.RegisterRequest(email=MAIL, password=COMMON_PASSWORD))
    verify = a.VerifyEmailRequest(registration=begun.registration, code=await identity.code_for(MAIL))
    await watching.ask(accounts, "VerifyEmail", a.VerifyEmailRequest(registration=begun.registration, code="135790"))
    account = (await watching.ask(accounts, "VerifyEmail", verify)).account
    await watching.ask(sessions, "LogIn", s.LogInRequest(email=MAIL, password=WRONG_PASSWORD))
    login = await watching.ask(sessions, "LogIn", s.LogInRequest(email=MAIL, password=PASSWORD, request_id="l-1"))
    again = await watching.ask(sessions, "Refresh", s.RefreshRequest(refresh_token=login.tokens.refresh_token))
    bearer = f"Bearer {again.tokens.access_token}"
    change = a.ChangePasswordRequest(name=account.name, current_password=PASSWORD, new_password=OTHER_PASSWORD)
    await watching.ask(accounts, "ChangePassword", change, authorization=bearer)
    await watching.ask(accounts, "ChangePassword", change, authorization=bearer)
    await watching.ask(accounts, "GetAccount", a.GetAccountRequest(name=account.name), authorization=bearer[:-3])
    reset = await watching.ask(accounts, "RequestPasswordReset", a.RequestPasswordResetRequest(email=MAIL))
    new = a.ResetPasswordRequest(reset=reset.reset, code=await identity.code_for(MAIL), new_password=PASSWORD)
    for statement in _BROKEN:
        await identity.database.execute(statement)
    broken = [
        ("Register", a.RegisterRequest(email="bob@example.org", password=PASSWORD)),
        ("RequestPasswordReset", a.RequestPasswordResetRequest(email=MAIL)),
        ("ResetPassword", new),
    ]
    for method, request in broken:
        assert await watching.ask(accounts, method, request) is None, method
    assert await watching.ask(sessions, "LogIn", s.LogInRequest(email=MAIL, password=OTHER_PASSWORD)) is None


@pytest.fixture
async def process(empty_database_url: str, tmp_path: Path, key_file: Path) -> AsyncIterator[tuple[Asking, Collector, Path]]:
    """Identity as it runs, with its own logs, of which nothing is left out."""
    address, log = f"127.0.0.1:{free_port()}", tmp_path / "identity.log"
    with collecting() as collector:
        told = {
            "LISTEN": address,
            "TRANSPORT": "grpcio",
            "DATABASE_URL": empty_database_url,
            "NATS_URL": "nats://127.0.0.1:9",
            "JWKS_FILE": str(write_jwks(tmp_path / "jwks.json")),
            "LOG_LEVEL": "DEBUG",
            "ACCESS_LOG_RATIO": "1",
            "OTLP_ENDPOINT": collector.address,
            "DRAIN_SECONDS": "0.5",
            "IDENTITY_SIGNING_KEY_FILE": str(key_file),
            "IDENTITY_DATA_HOLDERS": "",
            "IDENTITY_ARGON2_MEMORY_KIB": "8",
        }
        publish_key(tmp_path)
        environment = os.environ | {f"REELMESH_{name}": value for name, value in told.items()}
        with log.open("wb") as output:
            running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "identity_service", cwd=_ROOT, env=environment, stdout=output, stderr=output
            )
        database = Database(empty_database_url)
        try:
            async with stub_of(address, AccountServiceStub) as accounts, stub_of(address, SessionServiceStub) as sessions:
                await asyncio.to_thread(_until_it_listens, address, log)
                await database.open()
                service: Any = SimpleNamespace(address=address, foundation=SimpleNamespace(database=database))
                yield Asking(service, accounts, sessions, Clock()), collector, log
        finally:
            await database.close()
            running.terminate()
            await asyncio.wait_for(running.wait(), 30)


def _until_it_listens(address: str, log: Path) -> None:
    limit = time.monotonic() + 60
    while not accepts(address):
        assert time.monotonic() < limit, log.read_text()
        time.sleep(0.05)


async def test_no_secret_is_in_logs_spans_or_errors(process: tuple[Asking, Collector, Path]) -> None:
    identity, collector, log = process
    watching = Watching(identity)
    await everything(identity, watching)
    await asyncio.to_thread(collector.eventually, lambda traces: len(traces.by_id["1" * 32]) > 60)
    told = {"logs": log.read_text(), "spans": collector.sent.decode("utf-8", "replace"), "errors": "\n".join(watching.errors)}
    assert len(watching.secrets) > 10
    assert "unexpected error" in told["logs"]  # the broken database has been told of
    assert "INSERT INTO challenges" in told["spans"]
    assert "CODE_WRONG" in told["errors"]
    for place, text in told.items():
        assert not [secret for secret in watching.secrets if secret in text], place
