"""What owners and administrators do with accounts; what administrators do is written down in the same transaction."""

from collections.abc import Iterable
from datetime import datetime

from identity_service.application.ports import UnitOfWork
from identity_service.application.sessions import end_all_sessions
from identity_service.domain import events
from identity_service.domain.accounts import Account, Profile, Role
from identity_service.domain.audit import Actor, AuditEntry
from identity_service.domain.erasures import Erasure
from identity_service.domain.sessions import EndReason


async def update_profile(uow: UnitOfWork, account: Account, profile: Profile, now: datetime) -> Account:
    """The account is locked."""
    changed = account.with_profile(profile, now)
    if changed is not account:
        await uow.accounts.save(changed)
        uow.add_event(events.ProfileChanged(changed.user, changed.profile))
    return changed


async def suspend_account(uow: UnitOfWork, user: str, etag: str, now: datetime) -> Account:
    account = await _locked(uow, user, etag)
    changed = account.suspended(now)
    if changed is not account:
        await uow.accounts.save(changed)
        await end_all_sessions(uow, user, EndReason.ACCOUNT_SUSPENDED, now)
        uow.add_event(events.AccountSuspended(user))
    return changed


async def restore_account(uow: UnitOfWork, user: str, etag: str, now: datetime) -> Account:
    account = await _locked(uow, user, etag)
    changed = account.restored(now)
    if changed is not account:
        await uow.accounts.save(changed)
        uow.add_event(events.AccountRestored(user))
    return changed


async def set_roles(uow: UnitOfWork, user: str, roles: frozenset[Role], etag: str, now: datetime) -> Account:
    """A role that is gone is gone at once: tokens that still have it end with their sessions."""
    account = await _locked(uow, user, etag)
    changed = account.with_roles(roles, now)
    if changed is not account:
        await uow.accounts.save(changed)
        if account.roles - changed.roles:
            await end_all_sessions(uow, user, EndReason.ROLES_CHANGED, now)
        uow.add_event(events.RolesChanged(user, changed.roles))
    return changed


async def delete_account(uow: UnitOfWork, user: str, etag: str, erasure_id: str, holders: Iterable[str], now: datetime) -> Erasure:
    """What this context holds goes at once; the others are asked and tell when they are done."""
    account = await _locked(uow, user, etag)
    await end_all_sessions(uow, user, EndReason.ACCOUNT_DELETED, now)
    await uow.accounts.remove(account)
    erasure = Erasure(erasure_id, now, dict.fromkeys(holders))
    await uow.erasures.add(erasure)
    uow.add_event(events.AccountDeleted(user))
    uow.add_event(events.ErasureRequested(erasure_id, user, now))
    uow.add_event(events.EmailRequested(events.Letter.ACCOUNT_DELETED, account.email, account.profile.language_code))
    return erasure


async def write_down(uow: UnitOfWork, entry_id: str, actor: Actor, action: str, user: str, detail: str, reason: str, now: datetime) -> None:
    await uow.audit.add(
        AuditEntry(
            entry=entry_id,
            create_time=now,
            actor=actor.user,
            action=action,
            subject=user,
            detail=detail,
            reason=reason,
            address=actor.address,
            trace_id=actor.trace_id,
        )
    )


async def _locked(uow: UnitOfWork, user: str, etag: str) -> Account:
    account = await uow.accounts.lock(user)
    account.require_etag(etag)
    return account
