"""Puts events into the stream in their order, whole batches at once."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from nats.aio.client import Client
from nats.js.errors import APIError

from mesh.events.streams import EVENTS

# JetStream's own limit is 1,000 messages (ADR-50 of NATS).
BATCH_LIMIT = 500
_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    subject: str
    headers: dict[str, str]
    payload: bytes


async def publish_in_order(client: Client, messages: Sequence[Outgoing]) -> None:
    """Returns when all of `messages` (at most BATCH_LIMIT) are in the stream; safe to repeat within the deduplication window.

    An atomic batch is in the stream whole or not at all, so a failure in its middle cannot put a later event before an earlier one,
    as it can with independent asynchronous publishes. The server refuses a batch of which it knows a message id already, which
    happens after a crash between publish and commit: then each is sent by itself, the next after the last one's acknowledgement.
    """
    if len(messages) > 1 and await _publish_batch(client, messages):
        return
    jetstream = client.jetstream()
    for message in messages:
        await jetstream.publish(message.subject, message.payload, timeout=_TIMEOUT, stream=EVENTS, headers=dict(message.headers))


async def _publish_batch(client: Client, messages: Sequence[Outgoing]) -> bool:
    batch_id = uuid.uuid4().hex
    for number, message in enumerate(messages[:-1], start=1):
        headers = {**message.headers, "Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(number)}
        await client.publish(message.subject, message.payload, headers=headers)
    last = messages[-1]
    headers = {**last.headers, "Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(len(messages)), "Nats-Batch-Commit": "1"}
    answer = json.loads((await client.request(last.subject, last.payload, timeout=_TIMEOUT, headers=headers)).data)
    if "error" in answer:
        return False
    if answer.get("count") != len(messages) or answer.get("stream") != EVENTS:
        raise APIError(description=f"a batch of {len(messages)} was answered with {answer}")
    return True
