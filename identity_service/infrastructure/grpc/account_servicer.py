"""AccountService."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from identity_service.application import administration, passwords, registering
from identity_service.application.mailing import may_send
from identity_service.application.ports import AccountReader, Attempts, Codes, Hasher
from identity_service.domain.accounts import Account, normalised_email
from identity_service.domain.codes import Purpose
from identity_service.domain.common_passwords import common_passwords
from identity_service.domain.erasures import new_erasure_id
from identity_service.domain.errors import AccountNotFound, CredentialsWrong, ErasureNotFound, PasswordWrong
from identity_service.domain.passwords import normalised_password, require_uncommon
from identity_service.domain.throttling import Allowances, Limit, network_of, owner_limits
from identity_service.infrastructure.exporting import Export
from identity_service.infrastructure.grpc.auditing import audited
from identity_service.infrastructure.grpc.callers import address_of
from identity_service.infrastructure.grpc.names import id_of
from identity_service.infrastructure.grpc.translate import account_message, erasure_message, profile_from
from identity_service.infrastructure.postgres.unit_of_work import IdentityUnitOfWork
from identity_service.infrastructure.sealing import Sealing
from mesh.call import Call
from mesh.errors import PermissionDenied
from mesh.field_masks import changed_fields
from mesh.ids import uuid7
from mesh.postgres.idempotency import once
from mesh.timestamps import timestamp
from reelmesh.identity.v1.account_service_pb2 import (
    ChangePasswordRequest,
    ChangePasswordResponse,
    DeleteAccountRequest,
    DeleteAccountResponse,
    ExportAccountRequest,
    ExportAccountResponse,
    GetAccountRequest,
    GetAccountResponse,
    GetErasureRequest,
    GetErasureResponse,
    RegisterRequest,
    RegisterResponse,
    RequestPasswordResetRequest,
    RequestPasswordResetResponse,
    ResetPasswordRequest,
    ResetPasswordResponse,
    UpdateAccountRequest,
    UpdateAccountResponse,
    VerifyEmailRequest,
    VerifyEmailResponse,
)


class AccountServicer:
    """`reelmesh.identity.v1.AccountService`. Passwords are hashed before a transaction begins, so that none waits for argon2."""

    def __init__(
        self,
        unit_of_work: Callable[[], IdentityUnitOfWork],
        accounts: AccountReader,
        codes: Codes,
        hasher: Hasher,
        attempts: Attempts,
        sealing: Sealing,
        export: Export,
        allowances: Allowances,
        clock: Callable[[], datetime],
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._accounts, self._codes, self._hasher, self._attempts = accounts, codes, hasher, attempts
        self._sealing, self._export, self._allowances = sealing, export, allowances
        self._clock, self._new_id = clock, new_id

    async def Register(self, request: RegisterRequest, call: Call) -> RegisterResponse:
        now, email = self._clock(), normalised_email(request.email)
        password = self._strong(request.password, email, "password")
        sending = await may_send(self._attempts, self._allowances, network_of(address_of(call)), email, now)
        password_hash, handle = await self._hasher.hash(password), self._sealing.handle(request)

        async def effect(uow: IdentityUnitOfWork) -> RegisterResponse:
            profile = profile_from(request.account)
            expires = await registering.register(uow, handle, email, password_hash, profile, now, may_send=sending)
            return RegisterResponse(expire_time=timestamp(expires))

        response = await once(self._unit_of_work, call, request, RegisterResponse, effect, key=self._sealing.request_key)
        response.registration = handle
        return response

    async def VerifyEmail(self, request: VerifyEmailRequest, call: Call) -> VerifyEmailResponse:
        now = self._clock()
        challenge = await registering.opened(self._codes, Purpose.REGISTRATION, request.registration, request.code, now)

        async def effect(uow: IdentityUnitOfWork) -> VerifyEmailResponse:
            return VerifyEmailResponse(account=account_message(await registering.verify_email(uow, challenge, self._new_id(), now)))

        return await once(self._unit_of_work, call, request, VerifyEmailResponse, effect, key=self._sealing.request_key)

    async def GetAccount(self, request: GetAccountRequest, call: Call) -> GetAccountResponse:
        return GetAccountResponse(account=account_message(await self._owned(request.name, call)))

    async def UpdateAccount(self, request: UpdateAccountRequest, call: Call) -> UpdateAccountResponse:
        call.principal.require_owner(request.account.name)
        fields, user = changed_fields(request.update_mask, request.account, "account"), id_of(request.account.name)
        wanted = profile_from(request.account)
        changes = {field: getattr(wanted, field) for field in fields}

        async def effect(uow: IdentityUnitOfWork) -> UpdateAccountResponse:
            now, account = self._clock(), await uow.accounts.lock(user)
            account.require_etag(request.account.etag)
            changed = await administration.update_profile(uow, account, replace(account.profile, **changes), now)
            await audited(uow, call, "UpdateAccount", user, self._new_id(), now, detail=", ".join(sorted(fields)))
            return UpdateAccountResponse(account=account_message(changed))

        return await once(self._unit_of_work, call, request, UpdateAccountResponse, effect)

    async def ChangePassword(self, request: ChangePasswordRequest, call: Call) -> ChangePasswordResponse:
        if call.principal.subject != request.name:  # not even an administrator
            raise PermissionDenied("NOT_OWNER", "Only the owner may do this.")
        limits = owner_limits(self._allowances, id_of(request.name))
        proved = await self._proved(request.name, request.current_password, limits)
        password_hash = await self._hasher.hash(self._strong(request.new_password, proved.email, "new_password"))

        async def effect(uow: IdentityUnitOfWork) -> ChangePasswordResponse:
            await passwords.change_password(uow, proved, limits, password_hash, self._clock())
            return ChangePasswordResponse()

        return await once(self._unit_of_work, call, request, ChangePasswordResponse, effect, key=self._sealing.request_key)

    async def RequestPasswordReset(self, request: RequestPasswordResetRequest, call: Call) -> RequestPasswordResetResponse:
        now, email, handle = self._clock(), normalised_email(request.email), self._sealing.handle(request)
        sending = await may_send(self._attempts, self._allowances, network_of(address_of(call)), email, now)

        async def effect(uow: IdentityUnitOfWork) -> RequestPasswordResetResponse:
            expires = await passwords.request_password_reset(uow, handle, email, now, may_send=sending)
            return RequestPasswordResetResponse(expire_time=timestamp(expires))

        response = await once(self._unit_of_work, call, request, RequestPasswordResetResponse, effect)
        response.reset = handle
        return response

    async def ResetPassword(self, request: ResetPasswordRequest, call: Call) -> ResetPasswordResponse:
        now = self._clock()
        challenge = await registering.opened(self._codes, Purpose.PASSWORD_RESET, request.reset, request.code, now)
        password_hash = await self._hasher.hash(self._strong(request.new_password, challenge.email, "new_password"))

        async def effect(uow: IdentityUnitOfWork) -> ResetPasswordResponse:
            await passwords.reset_password(uow, challenge, password_hash, now)
            return ResetPasswordResponse()

        return await once(self._unit_of_work, call, request, ResetPasswordResponse, effect, key=self._sealing.request_key)

    async def DeleteAccount(self, request: DeleteAccountRequest, call: Call) -> DeleteAccountResponse:
        call.principal.require_owner(request.name)
        user = id_of(request.name)
        if call.principal.subject == request.name:
            await self._proved(request.name, request.password, owner_limits(self._allowances, user))
        erasure_id = new_erasure_id()

        async def effect(uow: IdentityUnitOfWork) -> DeleteAccountResponse:
            now = self._clock()
            erasure = await administration.delete_account(uow, user, request.etag, erasure_id, self._export.holders, now)
            await audited(uow, call, "DeleteAccount", user, self._new_id(), now)
            return DeleteAccountResponse(erasure=erasure_message(erasure))

        return await once(self._unit_of_work, call, request, DeleteAccountResponse, effect, key=self._sealing.request_key)

    async def GetErasure(self, request: GetErasureRequest, call: Call) -> GetErasureResponse:
        erasure = await self._accounts.erasure(id_of(request.name))
        if erasure is None:
            raise ErasureNotFound(id_of(request.name))
        return GetErasureResponse(erasure=erasure_message(erasure))

    async def ExportAccount(self, request: ExportAccountRequest, call: Call) -> AsyncIterator[ExportAccountResponse]:
        account = await self._owned(request.name, call)
        async with self._unit_of_work() as uow:
            await audited(uow, call, "ExportAccount", account.user, self._new_id(), self._clock())
            await uow.commit()
        async for part in self._export.of(account):
            yield part

    def _strong(self, password: str, email: str, field: str) -> str:
        normalised = normalised_password(password)
        require_uncommon(normalised, email, common_passwords(), field)
        return normalised

    async def _owned(self, name: str, call: Call) -> Account:
        call.principal.require_owner(name)
        account = await self._accounts.account(id_of(name))
        if account is None:
            raise AccountNotFound(id_of(name))
        return account

    async def _proved(self, name: str, password: str, limits: Sequence[Limit]) -> Account:
        """The account of a caller who gives its password once more; guesses are counted like those of logins."""
        user = id_of(name)
        account = await self._accounts.account(user)
        if account is None:
            raise AccountNotFound(user)
        try:
            return await passwords.require_password(
                self._attempts, self._hasher, limits, account, normalised_password(password), self._clock()
            )
        except CredentialsWrong as error:
            raise PasswordWrong from error
