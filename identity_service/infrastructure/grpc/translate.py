"""Domain to contract, field by field, and what little comes the other way."""

from collections.abc import Iterable
from datetime import timedelta

from identity_service.application.sessions import Granted
from identity_service.domain import accounts, audit, erasures, sessions
from identity_service.infrastructure.grpc.names import audit_entry_name, erasure_name, session_name, user_name
from mesh.timestamps import timestamp
from reelmesh.identity.v1 import account_pb2, audit_pb2, session_pb2

_ROLES = {role: account_pb2.Role.Value(f"ROLE_{role.name}") for role in accounts.Role}
_ROLES_BY_NUMBER = {int(number): role for role, number in _ROLES.items()}
_STATES = {state: account_pb2.Account.State.Value(f"STATE_{state.name}") for state in accounts.AccountState}
_STATES_BY_NUMBER = {int(number): state for state, number in _STATES.items()}


def account_message(account: accounts.Account) -> account_pb2.Account:
    return account_pb2.Account(
        name=user_name(account.user),
        email=account.email,
        display_name=account.profile.display_name,
        language_code=account.profile.language_code,
        region_code=account.profile.region_code,
        favorite_genres=account.profile.favorite_genres,
        roles=role_numbers(account.roles),
        state=_STATES[account.state],
        create_time=timestamp(account.create_time),
        update_time=timestamp(account.update_time),
        etag=account.etag,
    )


def profile_from(message: account_pb2.Account) -> accounts.Profile:
    return accounts.Profile(
        display_name=message.display_name,
        language_code=message.language_code,
        region_code=message.region_code,
        favorite_genres=tuple(message.favorite_genres),
    )


def role_numbers(roles: Iterable[accounts.Role]) -> "list[account_pb2.Role.ValueType]":
    return sorted(_ROLES[role] for role in roles)


def roles_from(numbers: Iterable[int]) -> frozenset[accounts.Role]:
    """Of numbers that the contract has, without that of UNSPECIFIED."""
    return frozenset(_ROLES_BY_NUMBER[number] for number in numbers if number)


def role_from(number: int) -> accounts.Role | None:
    return _ROLES_BY_NUMBER.get(number)


def state_from(number: int) -> accounts.AccountState | None:
    return _STATES_BY_NUMBER.get(number)


def session_message(session: sessions.Session) -> session_pb2.Session:
    return session_pb2.Session(
        name=session_name(session.user, session.session),
        client=session.client,
        address=session.address,
        create_time=timestamp(session.create_time),
        refresh_time=timestamp(session.refresh_time),
        expire_time=timestamp(session.expire_time),
    )


def tokens_message(granted: Granted, access_token: str, access: timedelta) -> session_pb2.Tokens:
    return session_pb2.Tokens(
        access_token=access_token,
        access_expire_time=timestamp(granted.session.refresh_time + access),
        refresh_token=granted.refresh_token,
        refresh_expire_time=timestamp(granted.session.expire_time),
    )


def erasure_message(erasure: erasures.Erasure) -> account_pb2.Erasure:
    states, done = account_pb2.Erasure, erasure.done_time
    return account_pb2.Erasure(
        name=erasure_name(erasure.erasure),
        state=states.STATE_RUNNING if done is None else states.STATE_DONE,
        parts=[
            account_pb2.ErasurePart(context=context, done_time=None if time is None else timestamp(time))
            for context, time in sorted(erasure.parts.items())
        ],
        create_time=timestamp(erasure.create_time),
        done_time=None if done is None else timestamp(done),
    )


def audit_entry_message(entry: audit.AuditEntry) -> audit_pb2.AuditEntry:
    return audit_pb2.AuditEntry(
        name=audit_entry_name(entry.entry),
        create_time=timestamp(entry.create_time),
        actor=user_name(entry.actor),
        action=entry.action,
        subject=user_name(entry.subject),
        detail=entry.detail,
        reason=entry.reason,
        address=entry.address,
        trace_id=entry.trace_id,
    )
