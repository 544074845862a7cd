"""Passwords: proved, changed, and set anew with a code."""

from collections.abc import Sequence
from datetime import datetime

from identity_service.application.ports import Attempts, Hasher, UnitOfWork
from identity_service.application.sessions import end_all_sessions
from identity_service.domain.accounts import Account, AccountState
from identity_service.domain.codes import CODE_LIFETIME, Challenge, Purpose, code_hash, handle_hash, new_code
from identity_service.domain.errors import CodeWrong, CredentialsWrong, PasswordWrong, TooManyAttempts
from identity_service.domain.events import EmailRequested, Letter, PasswordChanged
from identity_service.domain.sessions import EndReason
from identity_service.domain.throttling import Limit


async def require_password(
    attempts: Attempts, hasher: Hasher, limits: Sequence[Limit], account: Account | None, password: str, now: datetime
) -> Account:
    """The account, if this is its password. A try is counted before it is made, so that many at once are not more than one by one; who
    goes on with the account gives it back."""
    free_at = await attempts.take(limits, now)
    if free_at is not None:
        raise TooManyAttempts(free_at - now)
    right = await hasher.verify(account.password_hash if account else None, password)
    if account is None or not right or account.state is not AccountState.ACTIVE:
        raise CredentialsWrong
    return account


async def change_password(uow: UnitOfWork, proved: Account, limits: Sequence[Limit], password_hash: str, now: datetime) -> None:
    """`proved` is the account whose password was given right; another password by now means that it was changed meanwhile."""
    account = await uow.accounts.lock(proved.user)
    if account.password_hash != proved.password_hash:
        raise PasswordWrong
    await _set_password(uow, account, password_hash, now)
    await uow.attempts.give_back(limits)


async def request_password_reset(uow: UnitOfWork, handle: str, email: str, now: datetime, *, may_send: bool) -> datetime:
    """Until when the code is good. The same is done for an address without an account; only the letter differs."""
    user = await uow.accounts.user_of(email)
    code, expires = new_code(), now + CODE_LIFETIME
    await uow.challenges.add(
        Challenge(
            handle_hash=handle_hash(handle),
            purpose=Purpose.PASSWORD_RESET,
            email=email,
            code_hash=code_hash(handle, Purpose.PASSWORD_RESET, code),
            expire_time=expires,
            user=user or "",
        )
    )
    if may_send:
        letter = Letter.PASSWORD_RESET if user else Letter.NOT_REGISTERED
        uow.add_event(EmailRequested(letter, email, "", code if user else "", expires))
    return expires


async def reset_password(uow: UnitOfWork, challenge: Challenge, password_hash: str, now: datetime) -> None:
    await uow.challenges.use(challenge, now)
    if not challenge.user:
        raise CodeWrong
    await _set_password(uow, await uow.accounts.lock(challenge.user), password_hash, now)


async def _set_password(uow: UnitOfWork, account: Account, password_hash: str, now: datetime) -> None:
    await uow.accounts.save(account.with_password(password_hash))
    await end_all_sessions(uow, account.user, EndReason.PASSWORD_CHANGED, now)
    uow.add_event(PasswordChanged(account.user))
    uow.add_event(EmailRequested(Letter.PASSWORD_CHANGED, account.email, account.profile.language_code))
