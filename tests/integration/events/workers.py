"""The work of service processes that are going to be killed: the real one, one that dies at a certain point, one without a guard."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn
from unittest.mock import patch

from nats.aio.client import Client
from nats.errors import TimeoutError as NothingThere

from mesh.events import relay
from mesh.events.consumer import Consumer
from mesh.events.publishing import Outgoing, publish_in_order
from mesh.events.relay import Relay
from mesh.events.streams import EVENTS
from mesh.postgres.transaction import Connection, Transaction
from mesh.server import Background, Foundation, Service
from tests.integration.events.invented import Counted, receive

WORK_VARIABLE = "TEST_WORK"
_DURABLE = "test_received"


def die() -> NoReturn:
    """As `kill -9` ends this process just here."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still here")


class ConsumerDyingBeforeItsEffect(Consumer):
    async def _handle(self, *arguments: Any) -> bool:
        die()


class ConsumerDyingBeforeItsAck(Consumer):
    async def _handle(self, *arguments: Any) -> bool:
        await super()._handle(*arguments)
        die()


class ConsumerWithoutInbox(Consumer):
    """It handles whatever is delivered."""

    async def _apply(self, transaction: Transaction, events: Sequence[Any]) -> int:
        for event in events:
            await receive(transaction, event.message, event.meta)
        return len(events)


class ConsumerWithoutReset(Consumer):
    """It goes on with what was never delivered, whatever its predecessor has done with the rest."""

    async def _work(self, connection: Connection, stop: asyncio.Event) -> None:
        client = await self._bus.client(stop=stop)
        subscription = await client.jetstream().pull_subscribe_bind(self._durable, EVENTS)
        while not stop.is_set():
            try:
                messages = await subscription.fetch(self._batch, timeout=0.5)
            except NothingThere:
                continue
            await self._handle(connection, client, messages, stop)
            await messages[-1].ack()


class RelayMarkingFirst(Relay):
    """It notes as published what it is only about to publish, and dies before it does."""

    async def _publish_some(self, connection: Connection, client: Client) -> int:
        rows = await (await connection.execute(relay._UNSENT.sql, {})).fetchall()
        if rows:
            await connection.execute(relay._SENT.sql, {"ids": [row[0] for row in rows]})
            die()
        return 0


async def _die_instead_of_publishing(client: Client, messages: Sequence[Outgoing]) -> None:
    die()


async def _publish_and_die(client: Client, messages: Sequence[Outgoing]) -> None:
    await publish_in_order(client, messages)
    die()


def _consumer(kind: type[Consumer]) -> Callable[[Foundation], Background]:
    return lambda foundation: kind(_DURABLE, foundation.database, foundation.bus, {Counted: receive}, batch=50)


def _relay(kind: type[Relay], publish: Callable[..., Any] = publish_in_order) -> Callable[[Foundation], Background]:
    def make(foundation: Foundation) -> Background:
        patch("mesh.events.relay.publish_in_order", publish).start()  # for good: this process does nothing else
        return kind(foundation.database, foundation.bus, "test")

    return make


WORK: Mapping[str, Callable[[Foundation], Background]] = {
    "relay": _relay(Relay),
    "relay that dies between commit and publish": _relay(Relay, _die_instead_of_publishing),
    "relay that dies between publish and mark": _relay(Relay, _publish_and_die),
    "relay that marks, then dies before it publishes": _relay(RelayMarkingFirst),
    "consumer": _consumer(Consumer),
    "consumer that dies between delivery and effect": _consumer(ConsumerDyingBeforeItsEffect),
    "consumer that dies between effect and ack": _consumer(ConsumerDyingBeforeItsAck),
    "consumer without inbox": _consumer(ConsumerWithoutInbox),
    "consumer without reset": _consumer(ConsumerWithoutReset),
}


def build(foundation: Foundation) -> Service:
    """What the environment names; a process in Envoy is given no arguments."""
    return Service(servicers={}, errors={}, background=[WORK[os.environ[WORK_VARIABLE]](foundation)])
