"""What the other contexts tell of erasures."""

from identity_service.infrastructure.grpc.names import id_of
from identity_service.infrastructure.postgres.erasures import PostgresErasures
from mesh.events.wire import EventMeta
from mesh.postgres.transaction import Transaction
from mesh.timestamps import moment
from reelmesh.privacy.v1.events_pb2 import ErasureDone


async def part_done(transaction: Transaction, event: ErasureDone, _meta: EventMeta) -> None:
    await PostgresErasures(transaction).part_done(id_of(event.erasure), event.context, moment(event.done_time))
