"""AccountAdminService."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from identity_service.application import administration
from identity_service.application.ports import AccountReader
from identity_service.domain.accounts import Account
from identity_service.domain.errors import OwnAccount
from identity_service.infrastructure.grpc.auditing import audited
from identity_service.infrastructure.grpc.names import id_of
from identity_service.infrastructure.grpc.translate import account_message, audit_entry_message, role_from, roles_from, state_from
from identity_service.infrastructure.postgres.unit_of_work import IdentityUnitOfWork
from mesh import paging
from mesh.call import Call, calling_user
from mesh.ids import uuid7
from mesh.paging import cut, time_position
from mesh.postgres.idempotency import once
from reelmesh.identity.v1.account_admin_service_pb2 import (
    ListAccountsRequest,
    ListAccountsResponse,
    ListAuditEntriesRequest,
    ListAuditEntriesResponse,
    RestoreAccountRequest,
    RestoreAccountResponse,
    SetRolesRequest,
    SetRolesResponse,
    SuspendAccountRequest,
    SuspendAccountResponse,
)

Change = Callable[[IdentityUnitOfWork, str, str, datetime], Awaitable[Account]]


class AccountAdminServicer:
    """`reelmesh.identity.v1.AccountAdminService`."""

    def __init__(
        self,
        unit_of_work: Callable[[], IdentityUnitOfWork],
        accounts: AccountReader,
        clock: Callable[[], datetime],
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work, self._accounts, self._clock, self._new_id = unit_of_work, accounts, clock, new_id

    async def ListAccounts(self, request: ListAccountsRequest, call: Call) -> ListAccountsResponse:
        size, state, role = paging.page_size(request.page_size), state_from(request.state), role_from(request.role)
        rows = await self._accounts.latest(request.query, state, role, size + 1, time_position(request))
        page, token = cut(rows, size, request, lambda account: (account.create_time, account.user))
        return ListAccountsResponse(accounts=map(account_message, page), next_page_token=token)

    async def SuspendAccount(self, request: SuspendAccountRequest, call: Call) -> SuspendAccountResponse:
        _require_other(request.name, call)

        async def effect(uow: IdentityUnitOfWork) -> SuspendAccountResponse:
            account = await self._audited(uow, call, "SuspendAccount", request, administration.suspend_account)
            return SuspendAccountResponse(account=account_message(account))

        return await once(self._unit_of_work, call, request, SuspendAccountResponse, effect)

    async def RestoreAccount(self, request: RestoreAccountRequest, call: Call) -> RestoreAccountResponse:
        async def effect(uow: IdentityUnitOfWork) -> RestoreAccountResponse:
            account = await self._audited(uow, call, "RestoreAccount", request, administration.restore_account)
            return RestoreAccountResponse(account=account_message(account))

        return await once(self._unit_of_work, call, request, RestoreAccountResponse, effect)

    async def SetRoles(self, request: SetRolesRequest, call: Call) -> SetRolesResponse:
        _require_other(request.name, call)
        roles = roles_from(request.roles)

        async def change(uow: IdentityUnitOfWork, user: str, etag: str, now: datetime) -> Account:
            return await administration.set_roles(uow, user, roles, etag, now)

        async def effect(uow: IdentityUnitOfWork) -> SetRolesResponse:
            detail = ", ".join(sorted(role.name for role in roles))
            return SetRolesResponse(account=account_message(await self._audited(uow, call, "SetRoles", request, change, detail)))

        return await once(self._unit_of_work, call, request, SetRolesResponse, effect)

    async def ListAuditEntries(self, request: ListAuditEntriesRequest, call: Call) -> ListAuditEntriesResponse:
        size = paging.page_size(request.page_size)
        subject, actor = (name.removeprefix("users/") for name in (request.subject, request.actor))
        rows = await self._accounts.audit_entries(subject, actor, size + 1, time_position(request))
        page, token = cut(rows, size, request, lambda entry: (entry.create_time, entry.entry))
        return ListAuditEntriesResponse(audit_entries=map(audit_entry_message, page), next_page_token=token)

    async def _audited(
        self,
        uow: IdentityUnitOfWork,
        call: Call,
        action: str,
        request: SuspendAccountRequest | RestoreAccountRequest | SetRolesRequest,
        change: Change,
        detail: str = "",
    ) -> Account:
        now, user = self._clock(), id_of(request.name)
        account = await change(uow, user, request.etag, now)
        await audited(uow, call, action, user, self._new_id(), now, detail=detail, reason=request.reason)
        return account


def _require_other(name: str, call: Call) -> None:
    """An administrator who could suspend or demote themselves might be the last one."""
    if calling_user(call) == id_of(name):
        raise OwnAccount
