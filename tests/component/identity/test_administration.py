"""What administrators can do, what it does to sessions, and that it is written down."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from identity_service.infrastructure.first_admin import ensure_first_admin
from identity_service.infrastructure.hashing import ArgonHasher
from mesh.environment import WrongSettings
from reelmesh.identity.v1.account_admin_service_pb2 import (
    ListAccountsRequest,
    ListAuditEntriesRequest,
    RestoreAccountRequest,
    SetRolesRequest,
    SuspendAccountRequest,
)
from reelmesh.identity.v1.account_admin_service_pb2_grpc import AccountAdminServiceStub
from reelmesh.identity.v1.account_pb2 import Account, Role
from reelmesh.identity.v1.account_service_pb2 import UpdateAccountRequest
from reelmesh.identity.v1.events_pb2 import AccountRestored, AccountSuspended, ProfileChanged, RolesChanged, SessionRevoked
from reelmesh.identity.v1.session_service_pb2 import RefreshRequest
from tests.component.identity.asking import PASSWORD, Asking, bearer, from_address
from tests.component.identity.conftest import QUICK, Start
from tests.services import admin, failure, stub_of, token

MAIL = "alice@example.org"
ROOT = (*admin(), *from_address("192.0.2.200"))


@pytest.fixture
async def admins(identity: Asking) -> AsyncIterator[Any]:
    async with stub_of(identity.running.address, AccountAdminServiceStub) as stub:
        yield stub


async def test_a_suspended_account_is_out_at_once_and_comes_back(identity: Asking, admins: Any) -> None:
    account, login = await identity.account(MAIL), await identity.log_in(MAIL)
    for _ in range(2):  # saying it twice says it once
        suspended = await admins.SuspendAccount(SuspendAccountRequest(name=account.name, reason="Spam."), metadata=ROOT)
        assert suspended.account.state == Account.STATE_SUSPENDED
    assert [event.session for event in await identity.published(SessionRevoked)] == [login.session.name]
    assert len(await identity.published(AccountSuspended)) == 1
    refused = await failure(identity.sessions.Refresh(RefreshRequest(refresh_token=login.tokens.refresh_token)))
    assert refused.reason == "REFRESH_TOKEN_WRONG"
    restored = await admins.RestoreAccount(RestoreAccountRequest(name=account.name), metadata=ROOT)
    assert restored.account.state == Account.STATE_ACTIVE
    assert len(await identity.published(AccountRestored)) == 1
    assert (await identity.log_in(MAIL)).tokens.access_token


async def test_a_role_that_is_taken_away_ends_sessions_one_that_is_given_does_not(identity: Asking, admins: Any) -> None:
    account, _ = await identity.account(MAIL), await identity.log_in(MAIL)
    given = SetRolesRequest(name=account.name, roles=[Role.ROLE_MODERATOR])
    assert list((await admins.SetRoles(given, metadata=ROOT)).account.roles) == [Role.ROLE_USER, Role.ROLE_MODERATOR]
    assert await identity.published(SessionRevoked) == []
    assert list((await admins.SetRoles(SetRolesRequest(name=account.name), metadata=ROOT)).account.roles) == [Role.ROLE_USER]
    (revoked,) = await identity.published(SessionRevoked)
    assert revoked.reason == SessionRevoked.REASON_ROLES_CHANGED
    assert [list(event.roles) for event in await identity.published(RolesChanged)] == [[1, 2], [1]]


async def test_what_an_administrator_does_to_others_is_written_down_what_owners_do_is_not(identity: Asking, admins: Any) -> None:
    account = await identity.account(MAIL)
    login = await identity.log_in(MAIL)
    await admins.SetRoles(SetRolesRequest(name=account.name, roles=[Role.ROLE_ADMIN], reason="Helps out."), metadata=ROOT)
    change = UpdateAccountRequest(account=Account(name=account.name, display_name="Alice"))
    await identity.accounts.UpdateAccount(change, metadata=bearer(login))
    await identity.accounts.UpdateAccount(UpdateAccountRequest(account=Account(name=account.name, language_code="de")), metadata=ROOT)
    entries = (await admins.ListAuditEntries(ListAuditEntriesRequest(subject=account.name), metadata=ROOT)).audit_entries
    assert [(entry.action, entry.detail, entry.reason) for entry in entries] == [
        ("UpdateAccount", "language_code", ""),
        ("SetRoles", "ADMIN", "Helps out."),
    ]
    assert {(entry.actor, entry.address) for entry in entries} == {("users/admin", "192.0.2.200")}
    assert all(len(entry.trace_id) == 32 for entry in entries)
    assert len(await identity.published(ProfileChanged)) == 2


async def test_nobody_suspends_or_demotes_themselves(admins: Any) -> None:
    for call in (
        admins.SuspendAccount(SuspendAccountRequest(name="users/admin"), metadata=ROOT),
        admins.SetRoles(SetRolesRequest(name="users/admin"), metadata=ROOT),
    ):
        assert (await failure(call)).reason == "OWN_ACCOUNT"


async def test_accounts_are_found_by_the_beginning_of_address_or_name(identity: Asking, admins: Any) -> None:
    for number in range(3):
        identity.clock.pass_by(seconds=1)
        await identity.account(f"user_{number}@example.org", display_name=f"Person {number}")
    await identity.account("userx@example.org", display_name="100% Person")

    async def emails(**asked: Any) -> list[str]:
        found: list[str] = []
        request = ListAccountsRequest(page_size=2, **asked)
        while True:
            page = await admins.ListAccounts(request, metadata=ROOT)
            found += [account.email for account in page.accounts]
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    assert await emails(query="USER_") == [f"user_{number}@example.org" for number in (2, 1, 0)]
    assert await emails(query="person 1") == ["user_1@example.org"]
    assert await emails(query="100%") == ["userx@example.org"]
    assert len(await emails()) == 4
    assert await emails(role=Role.ROLE_ADMIN) == []
    assert await emails(state=Account.STATE_SUSPENDED) == []


async def test_only_administrators_may(admins: Any) -> None:
    for caller, reason in ((token("users/alice"), "ROLE_MISSING"), (token("users/m", "MODERATOR"), "ROLE_MISSING"), ((), "TOKEN_MISSING")):
        assert (await failure(admins.ListAccounts(ListAccountsRequest(), metadata=caller))).reason == reason


async def test_the_first_administrator_logs_in_and_is_made_once(start: Start, tmp_path: Any) -> None:
    login = tmp_path / "admin-login.json"
    login.write_text(json.dumps({"email": "Root@example.org", "password": PASSWORD}))
    for _ in range(2):
        async with start({"admin_file": login}) as identity:
            session = (await identity.log_in("root@example.org")).session
            assert session.name.startswith("users/admin/sessions/")


async def test_a_login_file_that_cannot_be_read_is_told(identity: Asking, tmp_path: Any) -> None:
    (tmp_path / "admin-login.json").write_text("{}")
    with pytest.raises(WrongSettings, match="email and password"):
        await ensure_first_admin(tmp_path / "admin-login.json", identity.database, ArgonHasher(QUICK))
