"""An event of another context, published as its relay does."""

import uuid
from datetime import UTC, datetime

from google.protobuf.message import Message
from nats.aio.client import Client

from mesh.events import wire
from mesh.events.publishing import Outgoing, publish_in_order


async def publish_event(client: Client, event: Message, key: str = "key", event_id: str = "") -> None:
    """With an id of its own unless `event_id` is given."""
    kind = event.DESCRIPTOR.full_name
    headers = {wire.MESSAGE_ID: event_id or str(uuid.uuid4()), wire.TYPE: kind, wire.KEY: key, wire.TIME: datetime.now(UTC).isoformat()}
    await publish_in_order(client, [Outgoing(wire.subject_of(kind), headers, event.SerializeToString())])
