"""Everything that is held about a user: our own part, then that of each context that holds any."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime

import structlog
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from identity_service.application.ports import AccountReader
from identity_service.domain.accounts import Account
from identity_service.infrastructure.grpc.names import user_name
from identity_service.infrastructure.grpc.translate import account_message, audit_entry_message, session_message
from mesh.errors import MeshError
from reelmesh.identity.v1.account_service_pb2 import ExportAccountResponse
from reelmesh.privacy.v1.personal_data_service_pb2 import ExportPersonalDataRequest, ExportPersonalDataResponse

_log = structlog.get_logger(__name__)
_OWN = "identity"
_AT_ONCE = 500

Ask = Callable[[ExportPersonalDataRequest], AsyncIterator[ExportPersonalDataResponse]]


class Export:
    """`others` is how each context that holds personal data is asked. They answer services only."""

    def __init__(self, accounts: AccountReader, others: Mapping[str, Ask]) -> None:
        self._accounts, self._others = accounts, others

    @property
    def holders(self) -> list[str]:
        return sorted(self._others)

    async def of(self, account: Account) -> AsyncIterator[ExportAccountResponse]:
        """Part by part; one that cannot be had is marked, and the others are there."""
        yield _documents("account", [account_message(account)])
        async for kind, messages in self._own(account.user):
            yield _documents(kind, messages)
        yield ExportAccountResponse(context=_OWN, end=ExportAccountResponse.END_COMPLETE)
        for context in self.holders:
            async for part in self._of_other(context, account.user):
                yield part

    async def _own(self, user: str) -> AsyncIterator[tuple[str, Iterable[Message]]]:
        sessions = await self._accounts.sessions(user, datetime.min.replace(tzinfo=UTC), _AT_ONCE, None)
        while sessions:
            yield "sessions", map(session_message, sessions)
            last = sessions[-1]
            sessions = await self._accounts.sessions(user, datetime.min.replace(tzinfo=UTC), _AT_ONCE, (last.create_time, last.session))
        entries = await self._accounts.audit_entries(user, "", _AT_ONCE, None)
        while entries:
            yield "auditEntries", map(audit_entry_message, entries)
            entries = await self._accounts.audit_entries(user, "", _AT_ONCE, (entries[-1].create_time, entries[-1].entry))

    async def _of_other(self, context: str, user: str) -> AsyncIterator[ExportAccountResponse]:
        try:
            async for part in self._others[context](ExportPersonalDataRequest(user=user_name(user))):
                yield ExportAccountResponse(context=context, kind=part.kind, documents=part.documents)
            yield ExportAccountResponse(context=context, end=ExportAccountResponse.END_COMPLETE)
        except MeshError as error:
            _log.warning("export_incomplete", context=context, error=error.reason)
            yield ExportAccountResponse(context=context, end=ExportAccountResponse.END_UNAVAILABLE)


def _documents(kind: str, messages: Iterable[Message]) -> ExportAccountResponse:
    documents = [json.dumps(MessageToDict(message), ensure_ascii=False) for message in messages]
    return ExportAccountResponse(context=_OWN, kind=kind, documents=documents)
