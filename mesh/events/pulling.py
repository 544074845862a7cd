"""Pulls messages of a JetStream consumer in order, and notices when one is missing."""

import asyncio
import json
from collections import deque
from types import TracebackType
from typing import Self

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from mesh.errors import Unavailable
from mesh.events.bus import Bus
from mesh.events.streams import EVENTS

_EXPIRES = 5.0
_GRACE = 2.0
_REQUEST_ENDED = ("404", "408")  # nothing there; expired


class Puller:
    """Batches of messages, contiguous from the consumer's first delivery on; Unavailable as soon as that cannot be said any more.

    A consumer's deliveries are numbered: a number that is left out was delivered to somebody else, or lost with a connection.
    """

    def __init__(self, bus: Bus, client: Client, consumer: str, limit: int) -> None:
        self._bus = bus
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{EVENTS}.{consumer}"
        self._limit = limit
        self._inbox = client.new_inbox()
        self._received: deque[Msg] = deque()
        self._something = asyncio.Event()
        self._interrupted = False
        self._requested = 0
        self._last = 0
        self._subscription: Subscription | None = None

    async def __aenter__(self) -> Self:
        self._subscription = await self._client.subscribe(self._inbox, cb=self._receive)
        self._forget = self._bus.on_interruption(self._interrupt)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._forget()
        # Without a subscriber the server forgets our pull request, and delivers to whoever comes next.
        if self._subscription is not None and self._client.is_connected:
            await self._subscription.unsubscribe()
            await self._client.flush(timeout=2)

    async def next_batch(self, wait: float) -> list[Msg]:
        """What has arrived, in order, at most the limit; empty after `wait` seconds (at most 5) without any."""
        loop = asyncio.get_running_loop()
        if self._requested <= 0 and not self._received:
            request = {"batch": self._limit, "expires": int(_EXPIRES * 1e9)}
            await self._client.publish(self._subject, json.dumps(request).encode(), reply=self._inbox)
            self._requested, self._expires_at = self._limit, loop.time() + _EXPIRES
        if not self._received and not self._interrupted:
            self._something.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._something.wait()
            except TimeoutError:
                if loop.time() > self._expires_at + _GRACE:
                    raise Unavailable("EVENTS_AWAY", "The event stream does not answer.") from None
        if self._interrupted:
            raise Unavailable("EVENTS_AWAY", "The connection to the event stream was interrupted.")
        batch = [self._received.popleft() for _ in range(min(self._limit, len(self._received)))]
        for message in batch:
            number = message.metadata.sequence.consumer
            if number != self._last + 1:
                raise Unavailable("EVENTS_MISSING", f"Delivery {number} came after {self._last}.")
            self._last = number
        return batch

    async def _receive(self, message: Msg) -> None:
        if message.reply:
            self._received.append(message)
            self._requested -= 1
        elif (message.headers or {}).get("Status") in _REQUEST_ENDED:
            self._requested = 0
        else:  # the consumer is gone, or moved, or nobody serves it
            self._interrupted = True
        self._something.set()

    def _interrupt(self) -> None:
        self._interrupted = True
        self._something.set()
