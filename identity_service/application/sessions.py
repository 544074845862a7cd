"""Sessions: begun, refreshed, ended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from identity_service.application.ports import UnitOfWork
from identity_service.domain.accounts import Account, AccountState, Role
from identity_service.domain.errors import CredentialsWrong, RefreshTokenWrong, SessionNotFound
from identity_service.domain.events import EmailRequested, Letter, SessionRevoked
from identity_service.domain.sessions import EndReason, Lifetimes, Session, Use, hash_of, new_salt, next_token, use_of
from identity_service.domain.throttling import Limit


@dataclass(frozen=True, slots=True)
class Granted:
    """A session, what its user may do, and its one good refresh token."""

    session: Session
    roles: frozenset[Role]
    refresh_token: str = field(repr=False)


async def begin_session(
    uow: UnitOfWork,
    proved: Account,
    limits: Sequence[Limit],
    session: Session,
    refresh_token: str,
    device: str,
    request_id: str,
    better_hash: str,
) -> Granted:
    """`proved` is the account whose password was given right; whatever changed meanwhile counts. `better_hash` replaces an outdated one."""
    account = await uow.accounts.lock(proved.user)
    if account.state is not AccountState.ACTIVE or account.password_hash != proved.password_hash:
        raise CredentialsWrong
    if better_hash:
        await uow.accounts.save(account.with_password(better_hash))
    begun = await uow.sessions.begin(session, hash_of(refresh_token), hash_of(device), request_id)
    await uow.attempts.give_back(limits)  # last: others of the same network wait for it
    return Granted(begun, account.roles, refresh_token)


async def refresh(uow: UnitOfWork, refresh_token: str, now: datetime, lifetimes: Lifetimes) -> Granted | None:
    """None when the token was used before and the session is ended by this, which the caller has to commit. Raises RefreshTokenWrong."""
    token = await uow.sessions.find(hash_of(refresh_token))
    if token is None or token.session.expire_time <= now:
        raise RefreshTokenWrong
    match use_of(token, now, lifetimes.grace):
        case Use.STOLEN:
            await end_session(uow, token.session.user, token.session.session, EndReason.TOKEN_REUSED, now)
            uow.add_event(EmailRequested(Letter.TOKEN_REUSED, token.email, token.language_code))
            return None
        case Use.AGAIN:
            following = next_token(refresh_token, token.salt)
        case Use.FIRST:
            salt = new_salt()
            following = next_token(refresh_token, salt)
            await uow.sessions.follow(token, hash_of(refresh_token), salt, hash_of(following), now, now + lifetimes.refresh)
    found = await uow.sessions.find(hash_of(following))
    if found is None:
        raise RefreshTokenWrong
    return Granted(found.session, found.roles, following)


async def log_out(uow: UnitOfWork, refresh_token: str, now: datetime) -> None:
    """A token of the session that is not the last one ends it too: who has it has no business with the session."""
    token = await uow.sessions.find(hash_of(refresh_token))
    if token is not None:
        await end_session(uow, token.session.user, token.session.session, EndReason.LOGGED_OUT, now)


async def end_session(uow: UnitOfWork, user: str, session: str, reason: EndReason, now: datetime) -> None:
    if not await uow.sessions.remove(user, session):
        raise SessionNotFound(user, session)
    uow.add_event(SessionRevoked(user, session, reason, now))


async def end_all_sessions(uow: UnitOfWork, user: str, reason: EndReason, now: datetime) -> None:
    for session in await uow.sessions.remove_all(user):
        uow.add_event(SessionRevoked(user, session, reason, now))
