"""Rows and what they are in the domain, column by column."""

from dataclasses import asdict
from typing import Any

from psycopg.types.json import Jsonb

from identity_service.domain.accounts import Account, AccountState, Profile, Role
from identity_service.domain.audit import AuditEntry
from identity_service.domain.sessions import Session
from mesh.postgres.transaction import Row

ACCOUNT_COLUMNS = "user_id, email, password_hash, profile, roles, state, create_time, update_time, revision"
SESSION_COLUMNS = "session_id, user_id, client, address, create_time, refresh_time, expire_time"
AUDIT_COLUMNS = "entry_id, create_time, actor, action, subject, detail, reason, address, trace_id"


def account_of(row: Row) -> Account:
    """Of a row of ACCOUNT_COLUMNS."""
    user, email, password_hash, profile, roles, state, create_time, update_time, revision = row
    return Account(
        user=user,
        email=email,
        password_hash=password_hash,
        profile=profile_of(profile),
        roles=roles_of(roles),
        state=AccountState(state),
        create_time=create_time,
        update_time=update_time,
        revision=revision,
    )


def account_values(account: Account) -> dict[str, object]:
    """By the names of ACCOUNT_COLUMNS."""
    return {
        "user_id": account.user,
        "email": account.email,
        "password_hash": account.password_hash,
        "profile": profile_value(account.profile),
        "roles": sorted(role.value for role in account.roles),
        "state": account.state.value,
        "create_time": account.create_time,
        "update_time": account.update_time,
        "revision": account.revision,
    }


def profile_value(profile: Profile) -> Jsonb:
    return Jsonb(asdict(profile))


def profile_of(value: dict[str, Any]) -> Profile:
    return Profile(**{**value, "favorite_genres": tuple(value["favorite_genres"])})


def roles_of(numbers: list[int]) -> frozenset[Role]:
    return frozenset(map(Role, numbers))


def session_of(row: Row) -> Session:
    """Of a row of SESSION_COLUMNS, whatever follows them."""
    session, user, client, address, create_time, refresh_time, expire_time = row[:7]
    return Session(
        session=session,
        user=user,
        client=client,
        address=address,
        create_time=create_time,
        refresh_time=refresh_time,
        expire_time=expire_time,
    )


def audit_entry_of(row: Row) -> AuditEntry:
    """Of a row of AUDIT_COLUMNS."""
    return AuditEntry(**dict(zip(AUDIT_COLUMNS.replace("entry_id", "entry").split(", "), row, strict=True)))
