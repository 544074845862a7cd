"""SessionService."""

from collections.abc import Callable
from datetime import datetime

from identity_service.application import sessions
from identity_service.application.passwords import require_password
from identity_service.application.ports import AccountReader, Attempts, Hasher
from identity_service.domain.accounts import normalised_email
from identity_service.domain.errors import RefreshTokenReused
from identity_service.domain.passwords import normalised_password
from identity_service.domain.sessions import EndReason, Lifetimes, Session, hash_of, new_secret
from identity_service.domain.throttling import Allowances, login_limits, network_of
from identity_service.infrastructure.grpc.auditing import audited
from identity_service.infrastructure.grpc.callers import address_of, client_of
from identity_service.infrastructure.grpc.names import id_of, two_ids_of, user_name
from identity_service.infrastructure.grpc.tokens import TokenIssuer
from identity_service.infrastructure.grpc.translate import session_message
from identity_service.infrastructure.postgres.unit_of_work import IdentityUnitOfWork
from identity_service.infrastructure.sealing import Sealing
from mesh import paging
from mesh.call import Call
from mesh.ids import uuid7
from mesh.paging import cut, time_position
from mesh.postgres.idempotency import once
from reelmesh.identity.v1.session_service_pb2 import (
    ListSessionsRequest,
    ListSessionsResponse,
    LogInRequest,
    LogInResponse,
    LogOutRequest,
    LogOutResponse,
    RefreshRequest,
    RefreshResponse,
    RevokeSessionRequest,
    RevokeSessionResponse,
)


class SessionServicer:
    """`reelmesh.identity.v1.SessionService`.

    LogIn and Refresh store no answer: a login that is sent again finds its session by the request id, a refresh by its token.
    """

    def __init__(
        self,
        unit_of_work: Callable[[], IdentityUnitOfWork],
        accounts: AccountReader,
        hasher: Hasher,
        attempts: Attempts,
        issuer: TokenIssuer,
        sealing: Sealing,
        lifetimes: Lifetimes,
        allowances: Allowances,
        clock: Callable[[], datetime],
        new_id: Callable[[], str] = uuid7,
    ) -> None:
        self._unit_of_work = unit_of_work
        self._accounts, self._hasher, self._attempts = accounts, hasher, attempts
        self._issuer, self._sealing = issuer, sealing
        self._lifetimes, self._allowances = lifetimes, allowances
        self._clock, self._new_id = clock, new_id

    async def LogIn(self, request: LogInRequest, call: Call) -> LogInResponse:
        now, email, address = self._clock(), normalised_email(request.email), address_of(call)
        password = normalised_password(request.password)
        account, known = await self._accounts.who_logs_in(email, hash_of(request.device))
        limits = login_limits(self._allowances, email, network_of(address), request.device if known else "")
        proved = await require_password(self._attempts, self._hasher, limits, account, password, now)
        better_hash = await self._hasher.hash(password) if self._hasher.is_outdated(proved.password_hash) else ""
        device = request.device if known else new_secret()
        session = Session(
            session=self._new_id(),
            user=proved.user,
            client=client_of(call),
            address=address,
            create_time=now,
            refresh_time=now,
            expire_time=now + self._lifetimes.refresh,
        )
        async with self._unit_of_work() as uow:
            granted = await sessions.begin_session(uow, proved, limits, session, new_secret(), device, request.request_id, better_hash)
            await uow.commit()
        return LogInResponse(session=session_message(granted.session), tokens=self._issuer.tokens(granted), device=device)

    async def Refresh(self, request: RefreshRequest, call: Call) -> RefreshResponse:
        async with self._unit_of_work() as uow:
            granted = await sessions.refresh(uow, request.refresh_token, self._clock(), self._lifetimes)
            await uow.commit()  # also that the session has ended
        if granted is None:
            raise RefreshTokenReused
        return RefreshResponse(session=session_message(granted.session), tokens=self._issuer.tokens(granted))

    async def LogOut(self, request: LogOutRequest, call: Call) -> LogOutResponse:
        async def effect(uow: IdentityUnitOfWork) -> LogOutResponse:
            await sessions.log_out(uow, request.refresh_token, self._clock())
            return LogOutResponse()

        return await once(self._unit_of_work, call, request, LogOutResponse, effect, key=self._sealing.request_key)

    async def ListSessions(self, request: ListSessionsRequest, call: Call) -> ListSessionsResponse:
        call.principal.require_owner(request.parent)
        size = paging.page_size(request.page_size)
        rows = await self._accounts.sessions(id_of(request.parent), self._clock(), size + 1, time_position(request))
        page, token = cut(rows, size, request, lambda session: (session.create_time, session.session))
        return ListSessionsResponse(sessions=map(session_message, page), next_page_token=token)

    async def RevokeSession(self, request: RevokeSessionRequest, call: Call) -> RevokeSessionResponse:
        user, session = two_ids_of(request.name)
        call.principal.require_owner(user_name(user))

        async def effect(uow: IdentityUnitOfWork) -> RevokeSessionResponse:
            now = self._clock()
            await sessions.end_session(uow, user, session, EndReason.LOGGED_OUT, now)
            await audited(uow, call, "RevokeSession", user, self._new_id(), now, detail=request.name)
            return RevokeSessionResponse()

        return await once(self._unit_of_work, call, request, RevokeSessionResponse, effect)
