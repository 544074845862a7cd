"""Events written in the transaction of what they report."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from mesh.call import current_call
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

# Notified at commit.
OUTBOX_CHANNEL = "outbox"
# Well under the 1 MiB that NATS takes by default; an event that outgrows it should name its subject instead of carrying it.
MAX_EVENT_BYTES = 512 * 1024
_KEY = re.compile(r"[ -~]{1,500}")  # it travels as a header


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """`type_name` is the full protobuf name (`reelmesh.movie.v1.MovieCreated`); events of one `key` are delivered in order."""

    type_name: str
    key: str
    payload: bytes

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"{self.key[:60]!r} cannot be the key of an event: 1 to 500 printable ASCII characters")
        if len(self.payload) > MAX_EVENT_BYTES:
            raise ValueError(f"{self.type_name} of {self.key} has {len(self.payload)} bytes, more than {MAX_EVENT_BYTES}")


def outbox_message(event: Message, key: str) -> OutboxMessage:
    """`event` as it is published."""
    return OutboxMessage(event.DESCRIPTOR.full_name, key, event.SerializeToString())


# Ids are handed out here, as the last thing of a transaction: of two transactions that change one row, the second waits for
# the first one's lock before it gets here, so the order of ids is the order of the changes to a key.
_INSERT = text_statement(f"""
    WITH written AS (
        INSERT INTO outbox (type_name, key, payload, traceparent)
        SELECT type_name, key, payload, %(traceparent)s
        FROM unnest(%(type_names)s::text[], %(keys)s::text[], %(payloads)s::bytea[])
            WITH ORDINALITY AS e (type_name, key, payload, position)
        ORDER BY position
    )
    SELECT pg_notify('{OUTBOX_CHANNEL}', '')
""")  # noqa: S608  # a constant of ours


async def write_outbox(transaction: Transaction, messages: Sequence[OutboxMessage]) -> None:
    """Adds them to the outbox and wakes the relay at commit."""
    if not messages:
        return
    call = current_call.get()
    await transaction.fetch_one(
        _INSERT,
        traceparent=call.trace.traceparent if call else "",
        type_names=[message.type_name for message in messages],
        keys=[message.key for message in messages],
        payloads=[message.payload for message in messages],
    )
