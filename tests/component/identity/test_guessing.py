"""Guessing slows down whoever guesses, many at once too, and never locks the owner out."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2

from identity_service.domain.throttling import Allowances, login_limits
from identity_service.infrastructure.postgres import attempts
from identity_service.infrastructure.postgres.attempts import PostgresAttempts
from mesh.postgres.statements import text_statement
from reelmesh.identity.v1.account_service_pb2 import ChangePasswordRequest, RequestPasswordResetRequest
from reelmesh.identity.v1.session_service_pb2 import LogInRequest
from tests.component.identity.asking import OTHER_PASSWORD, WRONG_PASSWORD, Asking, bearer, from_address
from tests.services import Answer, failure

MAIL = "alice@example.org"
STRANGER = "198.51.100.7"
_UNGUARDED = text_statement(re.sub(r"WHERE (NOT EXISTS .*|a\.free_time <= %\(now\)s)\n", "\n", attempts._TAKE.sql.decode()))


async def guess(identity: Asking, address: str = STRANGER, email: str = MAIL, **more: Any) -> Answer:
    request = LogInRequest(email=email, password=WRONG_PASSWORD, **more)
    return await failure(identity.sessions.LogIn(request, metadata=from_address(address)))


async def guesses(identity: Asking, count: int, address: str = STRANGER) -> list[str]:
    return [(await guess(identity, address)).reason for _ in range(count)]


async def test_after_five_guesses_pauses_double(identity: Asking) -> None:
    await identity.account(MAIL)
    assert await guesses(identity, 6) == ["CREDENTIALS_WRONG"] * 5 + ["TOO_MANY_ATTEMPTS"]
    pauses = []
    for _ in range(4):
        blocked = await guess(identity)
        assert blocked.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        retry = blocked.detail(error_details_pb2.RetryInfo)
        assert retry is not None
        pauses.append(round(retry.retry_delay.ToMilliseconds() / 1000))
        identity.clock.pass_by(seconds=pauses[-1])
        assert (await guess(identity)).reason == "CREDENTIALS_WRONG"
    assert pauses == [1, 2, 4, 8]


async def test_unknown_addresses_are_counted_alike(identity: Asking) -> None:
    assert await guesses(identity, 6) == ["CREDENTIALS_WRONG"] * 5 + ["TOO_MANY_ATTEMPTS"]


async def test_a_stranger_does_not_slow_the_owner_down(identity: Asking) -> None:
    """Neither at home, where nobody guessed, nor on a device that is known, wherever it is."""
    await identity.account(MAIL)
    device = (await identity.log_in(MAIL)).device
    await guesses(identity, 8)
    assert (await identity.log_in(MAIL, address="192.0.2.99")).session.name
    assert (await identity.log_in(MAIL, address=STRANGER, device=device)).device == device


async def test_many_strangers_leave_a_known_device_alone_and_others_a_short_pause(identity: Asking) -> None:
    await identity.account(MAIL)
    device = (await identity.log_in(MAIL)).device
    for number in range(60):
        await guess(identity, f"203.0.113.{number}")
    assert (await guess(identity, "192.0.2.50")).reason == "TOO_MANY_ATTEMPTS"
    assert (await identity.log_in(MAIL, address="192.0.2.50", device=device)).session.name
    identity.clock.pass_by(seconds=20)
    assert (await identity.log_in(MAIL, address="192.0.2.50")).session.name


async def test_a_device_is_known_to_its_own_account_only(identity: Asking) -> None:
    await identity.account(MAIL)
    await identity.account("mallory@example.org")
    device = (await identity.log_in("mallory@example.org", address=STRANGER)).device
    reasons = [(await guess(identity, device=device)).reason for _ in range(6)]
    assert reasons == ["CREDENTIALS_WRONG"] * 5 + ["TOO_MANY_ATTEMPTS"]


async def test_one_network_cannot_go_through_many_accounts(identity: Asking) -> None:
    reasons = [(await guess(identity, f"2001:db8:1:2::{number:x}", f"user{number}@example.org")).reason for number in range(101)]
    assert reasons == ["CREDENTIALS_WRONG"] * 100 + ["TOO_MANY_ATTEMPTS"]
    assert (await guess(identity, "2001:db8:1:3::1")).reason == "CREDENTIALS_WRONG"


async def checked_at_once(identity: Asking) -> int:
    """How many of 40 guesses at once had their password looked at."""
    answers = await asyncio.gather(*(guess(identity) for _ in range(40)))
    return sum(answer.reason == "CREDENTIALS_WRONG" for answer in answers)


async def test_many_guesses_at_once_are_not_more_than_one_after_the_other(identity: Asking) -> None:
    assert await checked_at_once(identity) == 5


async def test_without_the_guard_they_are(identity: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr(attempts, "_TAKE", _UNGUARDED)
    assert await checked_at_once(identity) > 5


async def test_who_is_late_is_not_held_up_by_who_was_counted_before(identity: Asking) -> None:
    """Many log in from one network at once, and their calls overtake each other between their clock and the counter."""
    counters = PostgresAttempts(identity.database)
    limits = login_limits(Allowances(), MAIL, STRANGER, "")
    for early in (0, 1, 2):
        assert await counters.take(limits, identity.clock.now - timedelta(seconds=early)) is None


async def test_a_right_password_does_not_count(identity: Asking) -> None:
    await identity.account(MAIL)
    for _ in range(8):
        await identity.log_in(MAIL)


async def test_whoever_holds_a_token_does_not_guess_the_password_with_it(identity: Asking) -> None:
    account = await identity.account(MAIL)
    login = await identity.log_in(MAIL)
    request = ChangePasswordRequest(name=account.name, current_password=WRONG_PASSWORD, new_password=OTHER_PASSWORD)
    reasons = [(await failure(identity.accounts.ChangePassword(request, metadata=bearer(login)))).reason for _ in range(6)]
    assert reasons == ["PASSWORD_WRONG"] * 5 + ["TOO_MANY_ATTEMPTS"]


async def test_a_mailbox_is_not_flooded_and_nobody_is_told(identity: Asking) -> None:
    request = RequestPasswordResetRequest(email=MAIL)
    for number in range(8):
        answer = await identity.accounts.RequestPasswordReset(request, metadata=from_address(f"203.0.113.{number}"))
        assert len(answer.reset) == 43
    assert len(await identity.letters(MAIL)) == 5


async def test_a_network_that_asks_for_e_mails_without_end_is_told(identity: Asking) -> None:
    reasons = []
    for number in range(51):
        request = RequestPasswordResetRequest(email=f"user{number}@example.org")
        try:
            await identity.accounts.RequestPasswordReset(request, metadata=from_address(STRANGER))
        except grpc.aio.AioRpcError as error:
            reasons.append(Answer(error).reason)
    assert reasons == ["TOO_MANY_REQUESTS"]
