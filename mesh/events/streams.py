"""The two streams: EVENTS, and DEAD_LETTERS for what a consumer gave up on."""

from nats.aio.client import Client
from nats.js.api import DiscardPolicy, RetentionPolicy, StreamConfig
from nats.js.errors import BadRequestError

EVENTS = "EVENTS"
DEAD_LETTERS = "DEAD_LETTERS"
_DAY = 86_400.0
# How long JetStream itself recognises an event sent twice; the inbox recognises it for as long as it keeps its rows.
DEDUPLICATION_SECONDS = 120.0
EVENTS_KEPT_SECONDS = 7 * _DAY
_STREAM_NAME_IN_USE = 10058


async def ensure_streams(client: Client, *, replicas: int = 1, events_bytes: int = 4 << 30, dead_letters_bytes: int = 256 << 20) -> None:
    """Creates them, or leaves those that are there as their operator set them."""
    jetstream = client.jetstream()
    for config in (
        StreamConfig(
            name=EVENTS,
            subjects=["events.>"],
            retention=RetentionPolicy.LIMITS,
            discard=DiscardPolicy.OLD,
            max_age=EVENTS_KEPT_SECONDS,
            max_bytes=events_bytes,
            duplicate_window=DEDUPLICATION_SECONDS,
            num_replicas=replicas,
            allow_atomic=True,
        ),
        StreamConfig(
            name=DEAD_LETTERS,
            subjects=["dead.>"],
            retention=RetentionPolicy.LIMITS,
            discard=DiscardPolicy.OLD,
            max_age=30 * _DAY,
            max_bytes=dead_letters_bytes,
            duplicate_window=DEDUPLICATION_SECONDS,
            num_replicas=replicas,
        ),
    ):
        try:
            await jetstream.add_stream(config)
        except BadRequestError as error:
            if error.err_code != _STREAM_NAME_IN_USE:  # there already, with other limits
                raise
