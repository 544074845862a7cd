"""Passwords are changed and reset, hashed anew when the parameters change, and never by the event loop."""

import asyncio
from typing import Any

import grpc
import pytest

from identity_service.infrastructure.hashing import HashingParameters
from identity_service.infrastructure.postgres.sweeping import Sweeper
from mesh.postgres.statements import text_statement
from reelmesh.identity.v1.account_service_pb2 import (
    ChangePasswordRequest,
    GetErasureRequest,
    RequestPasswordResetRequest,
    ResetPasswordRequest,
)
from reelmesh.identity.v1.events_pb2 import EmailRequested, PasswordChanged, SessionRevoked
from reelmesh.identity.v1.session_service_pb2 import LogInRequest
from tests.component.identity.asking import OTHER_PASSWORD, PASSWORD, Asking, bearer
from tests.component.identity.conftest import Start
from tests.services import Answer, failure

MAIL = "alice@example.org"
_HASH = text_statement("SELECT password_hash FROM accounts")
_LEFT = text_statement("""
    SELECT (SELECT count(*) FROM challenges), (SELECT count(*) FROM sessions), (SELECT count(*) FROM refresh_tokens),
        (SELECT count(*) FROM attempts), (SELECT count(*) FROM devices)
""")


async def logs_in(identity: Asking, password: str) -> bool:
    try:
        await identity.log_in(MAIL, password)
    except grpc.aio.AioRpcError as error:
        if Answer(error).reason != "CREDENTIALS_WRONG":
            raise
        return False
    return True


async def reset_with(identity: Asking, password: str) -> None:
    begun = await identity.accounts.RequestPasswordReset(RequestPasswordResetRequest(email=MAIL))
    code = await identity.code_for(MAIL)
    await identity.accounts.ResetPassword(ResetPasswordRequest(reset=begun.reset, code=code, new_password=password))


async def test_another_password_ends_every_session_and_the_owner_hears_of_it(identity: Asking) -> None:
    account = await identity.account(MAIL)
    first, second = await identity.log_in(MAIL), await identity.log_in(MAIL)
    change = ChangePasswordRequest(name=account.name, current_password=PASSWORD, new_password=OTHER_PASSWORD)
    await identity.accounts.ChangePassword(change, metadata=bearer(first))
    revoked = await identity.published(SessionRevoked)
    assert {event.session for event in revoked} == {first.session.name, second.session.name}
    assert {event.reason for event in revoked} == {SessionRevoked.REASON_PASSWORD_CHANGED}
    assert (await identity.letters(MAIL))[-1].kind == EmailRequested.KIND_PASSWORD_CHANGED
    assert [event.user for event in await identity.published(PasswordChanged)] == [account.name]
    assert (await logs_in(identity, PASSWORD), await logs_in(identity, OTHER_PASSWORD)) == (False, True)


async def test_a_forgotten_password_is_set_anew_with_a_code(identity: Asking) -> None:
    await identity.account(MAIL)
    login = await identity.log_in(MAIL)
    await reset_with(identity, OTHER_PASSWORD)
    assert [event.session for event in await identity.published(SessionRevoked)] == [login.session.name]
    assert (await logs_in(identity, PASSWORD), await logs_in(identity, OTHER_PASSWORD)) == (False, True)


async def test_of_two_changes_with_one_password_the_second_is_refused(identity: Asking) -> None:
    account = await identity.account(MAIL)
    login = await identity.log_in(MAIL)
    changes = [
        identity.accounts.ChangePassword(
            ChangePasswordRequest(name=account.name, current_password=PASSWORD, new_password=f"number {number} of two"),
            metadata=bearer(login),
        )
        for number in range(2)
    ]
    results = await asyncio.gather(*changes, return_exceptions=True)
    assert sum(isinstance(result, Exception) for result in results) == 1


async def test_a_hash_with_old_parameters_is_replaced_at_the_next_login(start: Start) -> None:
    async def stored(identity: Asking) -> str:
        row = await identity.database.fetch_one(_HASH)
        assert row is not None
        return str(row[0])

    async with start() as identity:
        await identity.account(MAIL)
        before = await stored(identity)
    async with start({"hashing": HashingParameters(memory_kib=16, time_cost=2)}) as identity:
        assert not await logs_in(identity, OTHER_PASSWORD)
        assert await stored(identity) == before
        assert await logs_in(identity, PASSWORD)
        after = await stored(identity)
        assert after.startswith("$argon2id$v=19$m=16,t=2,p=1$")
        assert await logs_in(identity, PASSWORD)
        assert await stored(identity) == after


async def test_other_calls_are_answered_while_a_password_is_hashed(start: Start) -> None:
    """The hash takes seconds; whoever waits for it is still waiting when the others have been answered."""
    async with start({"hashing": HashingParameters(memory_kib=128 << 10, time_cost=12)}) as identity:
        login = asyncio.ensure_future(failure(identity.sessions.LogIn(LogInRequest(email=MAIL, password=PASSWORD), timeout=60)))
        for _ in range(5):
            answer = await failure(identity.accounts.GetErasure(GetErasureRequest(name="erasures/none")))
            assert answer.reason == "ERASURE_NOT_FOUND"
        assert not login.done()
        await login


@pytest.mark.parametrize("days", [31, 401])
async def test_what_has_run_out_is_swept_away(identity: Asking, days: int) -> None:
    await identity.account(MAIL)
    await identity.log_in(MAIL)
    sweeper = Sweeper(identity.database, identity.clock)
    assert await sweeper.sweep() == 0
    identity.clock.pass_by(days=days)
    await sweeper.sweep()
    left: Any = await identity.database.fetch_one(_LEFT)
    assert left == (0, 0, 0, 0, 1 if days < 400 else 0)
