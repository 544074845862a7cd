"""One-time codes: five tries, ten minutes, one use, one purpose, and only hashes of them (R20)."""

import asyncio
from typing import Any

import pytest

from identity_service.infrastructure.postgres import challenges
from mesh.postgres.statements import text_statement
from reelmesh.identity.v1.account_service_pb2 import RequestPasswordResetRequest, ResetPasswordRequest, VerifyEmailRequest
from tests.component.identity.asking import OTHER_PASSWORD, Asking
from tests.services import failure

MAIL = "alice@example.org"
_TRIES = text_statement("SELECT max(tries) FROM challenges")
_UNBOUNDED = text_statement(challenges._TRY.sql.decode().replace("AND tries < 5", ""))


async def begun(identity: Asking) -> tuple[str, str]:
    """A handle and its code."""
    handle = (await identity.register(MAIL)).registration
    return handle, await identity.code_for(MAIL)


async def guess(identity: Asking, handle: str, guesses: list[str]) -> list[Any]:
    """All of them at once; the answers that were no error."""

    async def one(code: str) -> Any:
        return await identity.accounts.VerifyEmail(VerifyEmailRequest(registration=handle, code=code))

    answers = await asyncio.gather(*map(one, guesses), return_exceptions=True)
    return [answer for answer in answers if not isinstance(answer, Exception)]


def with_the_right_one_last(code: str, count: int) -> list[str]:
    return [*(f"{number:06d}" for number in range(count) if f"{number:06d}" != code), code]


async def tries(identity: Asking) -> int:
    row = await identity.database.fetch_one(_TRIES)
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
async def test_guesses_have_five_tries_however_many_come_at_once(count: int, identity: Asking) -> None:
    handle, code = await begun(identity)
    wrong = with_the_right_one_last(code, count)
    assert await guess(identity, handle, wrong[:5]) == []
    for start in range(5, len(wrong), 500):
        assert await guess(identity, handle, wrong[start : start + 500]) == []
    assert await tries(identity) == 5


async def test_without_the_guard_a_guess_succeeds(identity: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr(challenges, "_TRY", _UNBOUNDED)
    handle, code = await begun(identity)
    assert len(await guess(identity, handle, with_the_right_one_last(code, 300))) == 1


async def test_a_stranger_spends_the_tries_of_their_own_handle_only(identity: Asking) -> None:
    mine, _ = await begun(identity)
    code = await identity.code_for(MAIL)
    theirs = (await identity.register(MAIL)).registration
    await guess(identity, theirs, [f"{number:06d}" for number in range(20)])
    assert len(await guess(identity, mine, [code])) == 1


async def test_a_code_is_good_for_ten_minutes(identity: Asking) -> None:
    handle, code = await begun(identity)
    identity.clock.pass_by(minutes=10)
    assert await guess(identity, handle, [code]) == []


async def test_a_code_is_good_once(identity: Asking) -> None:
    handle, code = await begun(identity)
    assert len(await guess(identity, handle, [code, code, code])) == 1


async def test_a_code_of_one_purpose_is_none_of_another(identity: Asking) -> None:
    handle, code = await begun(identity)
    answer = await failure(identity.accounts.ResetPassword(ResetPasswordRequest(reset=handle, code=code, new_password=OTHER_PASSWORD)))
    assert answer.reason == "CODE_WRONG"


async def test_the_database_knows_neither_codes_nor_handles_nor_tokens_nor_passwords(identity: Asking) -> None:
    """But for the letters that wait to be sent, in which a code is worth nothing without its handle."""
    account = await identity.account(MAIL)
    login = await identity.log_in(MAIL, request_id="l-1")
    reset = await identity.accounts.RequestPasswordReset(RequestPasswordResetRequest(email=MAIL, request_id="p-1"))
    secrets = [login.tokens.refresh_token, login.tokens.access_token, login.device, reset.reset]
    stored = await everything_stored(identity)
    assert account.name.removeprefix("users/") in stored
    assert not [secret for secret in secrets if secret in stored]
    assert await identity.code_for(MAIL) not in stored


async def everything_stored(identity: Asking) -> str:
    """Every row of every table but the outbox, as text."""
    tables = await identity.database.fetch_all(
        text_statement("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'outbox'")
    )
    rows = [
        row
        for (table,) in tables
        for row in await identity.database.fetch_all(
            text_statement(f"SELECT encode(convert_to(t::text, 'utf8'), 'escape') FROM {table} AS t")
        )
    ]
    return "\n".join(row[0] for row in rows)
