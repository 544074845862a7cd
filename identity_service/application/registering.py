"""How an account comes to be: a code to the address, then the account."""

from datetime import datetime

from identity_service.application.ports import Codes, UnitOfWork
from identity_service.domain.accounts import Account, Profile
from identity_service.domain.codes import CODE_LIFETIME, Challenge, Purpose, code_hash, fits, handle_hash, new_code
from identity_service.domain.errors import CodeWrong
from identity_service.domain.events import AccountRegistered, EmailRequested, Letter


async def register(
    uow: UnitOfWork, handle: str, email: str, password_hash: str, profile: Profile, now: datetime, *, may_send: bool
) -> datetime:
    """Until when the code is good. The same is done for an address that has an account; only the letter differs."""
    taken = await uow.accounts.user_of(email) is not None
    code, expires = new_code(), now + CODE_LIFETIME
    await uow.challenges.add(
        Challenge(
            handle_hash=handle_hash(handle),
            purpose=Purpose.REGISTRATION,
            email=email,
            code_hash=code_hash(handle, Purpose.REGISTRATION, code),
            expire_time=expires,
            password_hash=password_hash,
            profile=profile,
        )
    )
    if may_send:
        letter = Letter.ALREADY_REGISTERED if taken else Letter.VERIFICATION
        uow.add_event(EmailRequested(letter, email, profile.language_code, "" if taken else code, expires))
    return expires


async def verify_email(uow: UnitOfWork, challenge: Challenge, user: str, now: datetime) -> Account:
    await uow.challenges.use(challenge, now)
    account = Account(
        user=user,
        email=challenge.email,
        password_hash=challenge.password_hash,
        profile=challenge.profile,
        create_time=now,
        update_time=now,
    )
    await uow.accounts.add(account)
    uow.add_event(AccountRegistered(account.user, account.profile))
    return account


async def opened(codes: Codes, purpose: Purpose, handle: str, code: str, now: datetime) -> Challenge:
    """The challenge that handle and code belong to, also one that was used: whoever uses it finds out. Each call is a try."""
    challenge = await codes.try_code(handle_hash(handle), purpose, now)
    if challenge is None or not fits(challenge, handle, code):
        raise CodeWrong
    return challenge
