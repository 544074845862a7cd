"""Keeps what a consumer gave up on, with the reason, in the stream DEAD_LETTERS."""

from nats.aio.client import Client
from nats.aio.msg import Msg

from mesh.events.streams import DEAD_LETTERS
from mesh.events.wire import MESSAGE_ID

CONSUMER = "reelmesh-dead-consumer"
REASON = "reelmesh-dead-reason"
SUBJECT = "reelmesh-dead-subject"
SEQUENCE = "reelmesh-dead-stream-sequence"
ORIGINAL_ID = "reelmesh-dead-event-id"


async def publish_dead_letter(client: Client, consumer: str, message: Msg, reason: str) -> None:
    """Returns when it is stored; a repetition is recognised. Its subject is `dead.<consumer>`, its payload the event's."""
    sequence = message.metadata.sequence.stream
    original = dict(message.headers or {})
    headers = {name: value for name, value in original.items() if name.startswith(("reelmesh-", "traceparent"))}
    headers |= {
        CONSUMER: consumer,
        REASON: " ".join(reason.split()).encode("ascii", "replace").decode()[:500],
        SUBJECT: message.subject,
        SEQUENCE: str(sequence),
        ORIGINAL_ID: original.get(MESSAGE_ID, ""),
        MESSAGE_ID: f"{consumer}:{sequence}",
    }
    await client.jetstream().publish(f"dead.{consumer}", message.data, stream=DEAD_LETTERS, headers=headers)
