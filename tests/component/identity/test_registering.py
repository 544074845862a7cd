"""An account comes to be by a code, and only together with the handle of whoever registered."""

import asyncio

import grpc

from reelmesh.identity.v1.account_pb2 import Account, Role
from reelmesh.identity.v1.account_service_pb2 import RegisterRequest, VerifyEmailRequest
from reelmesh.identity.v1.events_pb2 import AccountRegistered, EmailRequested
from tests.component.identity.asking import OTHER_PASSWORD, PASSWORD, Asking
from tests.services import failure

MAIL = "alice@example.org"


async def test_register_and_verify_make_an_account_that_can_log_in(identity: Asking) -> None:
    account = await identity.account("Alice@Example.org", display_name="Alice", language_code="de", favorite_genres=["drama"])
    assert (account.email, account.display_name, list(account.roles)) == (MAIL, "Alice", [Role.ROLE_USER])
    assert account.state == Account.STATE_ACTIVE
    (told,) = await identity.published(AccountRegistered)
    assert (told.user, told.profile.language_code) == (account.name, "de")
    assert (await identity.log_in(MAIL)).session.name.startswith(f"{account.name}/sessions/")


async def test_a_taken_address_is_answered_alike_and_told_in_the_letter_only(identity: Asking) -> None:
    await identity.account(MAIL)
    again = await identity.register(MAIL)
    assert len(again.registration) == 43
    assert again.HasField("expire_time")
    last = (await identity.letters(MAIL))[-1]
    assert (last.kind, last.code) == (EmailRequested.KIND_ALREADY_REGISTERED, "")


async def test_a_stranger_who_registers_the_same_address_cannot_slip_their_password_in(identity: Asking) -> None:
    mine = await identity.register(MAIL, PASSWORD)
    code = await identity.code_for(MAIL)
    theirs = await identity.register(MAIL, OTHER_PASSWORD)
    crossed = await failure(identity.accounts.VerifyEmail(VerifyEmailRequest(registration=theirs.registration, code=code)))
    assert crossed.reason == "CODE_WRONG"
    await identity.accounts.VerifyEmail(VerifyEmailRequest(registration=mine.registration, code=code))
    assert (await identity.log_in(MAIL, PASSWORD)).tokens.access_token


async def test_of_two_registrations_that_are_verified_one_makes_the_account(identity: Asking) -> None:
    first, code = await identity.register(MAIL, PASSWORD), await identity.code_for(MAIL)
    second, other_code = await identity.register(MAIL, OTHER_PASSWORD), await identity.code_for(MAIL)
    requests = [
        VerifyEmailRequest(registration=first.registration, code=code),
        VerifyEmailRequest(registration=second.registration, code=other_code),
    ]
    answers = await asyncio.gather(*(identity.accounts.VerifyEmail(request) for request in requests), return_exceptions=True)
    assert sorted(isinstance(answer, grpc.RpcError) for answer in answers) == [False, True]
    assert len(await identity.published(AccountRegistered)) == 1


async def test_a_registration_sent_again_is_one_with_the_same_handle(identity: Asking) -> None:
    first, again = [await identity.register(MAIL, request_id="r-1") for _ in range(2)]
    assert first == again
    assert len(await identity.letters(MAIL)) == 1
    request = VerifyEmailRequest(registration=first.registration, code=await identity.code_for(MAIL), request_id="v-1")
    assert await identity.accounts.VerifyEmail(request) == await identity.accounts.VerifyEmail(request)


async def test_the_request_id_of_somebody_else_gives_nothing_away(identity: Asking) -> None:
    await identity.register(MAIL, request_id="r-1")
    other = await failure(identity.accounts.Register(RegisterRequest(email=MAIL, password=OTHER_PASSWORD, request_id="r-1")))
    assert (other.reason, other.fields) == ("REQUEST_ID_REUSED", ["request_id"])


async def test_passwords_that_everybody_tries_are_refused(identity: Asking) -> None:
    for password in ("Password1234", "qwertyuiop12", "aaaaaaaaaaaa", "alice-is-great", "iloveyou2026"):
        answer = await failure(identity.accounts.Register(RegisterRequest(email=MAIL, password=password)))
        assert (answer.reason, answer.fields) == ("INVALID_ARGUMENT", ["password"]), password
        assert password not in str(answer.status)
