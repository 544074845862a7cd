"""What a context holds about a user: exported to identity, and erased when identity says so. A context supplies a `PersonalData`."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

from mesh.call import Call
from mesh.events.bus import Bus
from mesh.events.consumer import Consumer
from mesh.events.wire import EventMeta
from mesh.postgres.database import Database
from mesh.postgres.outbox import outbox_message, write_outbox
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from mesh.timestamps import timestamp
from mesh.tracing import Tracing
from reelmesh.privacy.v1 import personal_data_service_pb2 as pb
from reelmesh.privacy.v1.events_pb2 import ErasureDone, ErasureRequested

SERVICE = pb.DESCRIPTOR.services_by_name["PersonalDataService"]
_DOCUMENTS_AT_ONCE = 500
_USERS = "users/"

# Stored answers are data about whoever asked.
_FORGET_ANSWERS = text_statement("DELETE FROM idempotency WHERE principal = %(principal)s")

Documents = Iterable[Mapping[str, Any]]


class PersonalData(Protocol):
    """`user` is an id (`alice`). Neither knows whether there is such a user: one without data is no error."""

    async def erase(self, transaction: Transaction, user: str) -> int:
        """Everything, in this transaction, with the events that tell others of it; how many things that were."""

    def export(self, user: str) -> AsyncIterator[tuple[str, Documents]]:
        """Everything, as kinds (`ratings`) and their documents, which JSON can say; a kind may come more than once."""


class PersonalDataServicer:
    """`reelmesh.privacy.v1.PersonalDataService`; goes into a context's `Service.servicers` under `SERVICE`."""

    def __init__(self, data: PersonalData) -> None:
        self._data = data

    async def ExportPersonalData(self, request: pb.ExportPersonalDataRequest, call: Call) -> AsyncIterator[pb.ExportPersonalDataResponse]:
        async for kind, documents in self._data.export(request.user.removeprefix(_USERS)):
            remaining = iter(documents)
            while some := list(islice(remaining, _DOCUMENTS_AT_ONCE)):
                yield pb.ExportPersonalDataResponse(kind=kind, documents=[json.dumps(each, ensure_ascii=False) for each in some])


def erasure_consumer(context: str, database: Database, bus: Bus, data: PersonalData, *, tracing: Tracing | None = None) -> Consumer:
    """Erases when identity asks for it, and acknowledges in the same transaction. A context that was away does so when it is back."""

    async def erase(transaction: Transaction, event: ErasureRequested, _meta: EventMeta) -> None:
        count = await data.erase(transaction, event.user.removeprefix(_USERS))
        await transaction.execute(_FORGET_ANSWERS, principal=event.user)
        done = ErasureDone(
            erasure=event.erasure, user=event.user, context=context, erase_count=count, done_time=timestamp(datetime.now(UTC))
        )
        await write_outbox(transaction, [outbox_message(done, event.erasure)])

    return Consumer(f"{context}_erasure", database, bus, {ErasureRequested: erase}, tracing=tracing)
