"""A session that ends is refused by every replica, also by one that starts afterwards."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import grpc
import pytest

from mesh.events.broadcast import Broadcast
from mesh.events.bus import Bus
from mesh.server import RunningService
from metadata_service.__main__ import MIGRATIONS
from metadata_service.bootstrap import build
from reelmesh.identity.v1.events_pb2 import SessionRevoked
from reelmesh.metadata.v1.metadata_service_pb2 import ListGenresRequest
from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceStub
from tests.publishing import publish_event
from tests.services import Metadata, failure, serving, signed, stub_of


@pytest.fixture
async def bus(nats_server: str) -> AsyncIterator[Bus]:
    bus = Bus(nats_server)
    await bus.open()
    yield bus
    await bus.close()


class Replicas:
    """Of one service; each `started` is another process's worth of memory."""

    def __init__(self, database_url: str, directory: Path, nats_url: str) -> None:
        self._arguments = ("metadata", build, MIGRATIONS, database_url, directory)
        self._nats_url = nats_url

    def started(self) -> AbstractAsyncContextManager[RunningService]:
        return serving(*self._arguments, nats_url=self._nats_url)


@pytest.fixture
def replicas(empty_database_url: str, tmp_path: Path, nats_server: str) -> Replicas:
    return Replicas(empty_database_url, tmp_path, nats_server)


def of_session(session: str) -> Metadata:
    return (("authorization", f"Bearer {signed({'sid': session})}"),)


async def is_taken(replica: RunningService, caller: Metadata) -> bool:
    """Of a method that anybody may call: a token that does not hold is refused there too."""
    async with stub_of(replica.address, cast(Any, MetadataServiceStub)) as stub:
        call = stub.ListGenres(ListGenresRequest(), metadata=caller)
        if await call.code() is grpc.StatusCode.OK:
            return True
        assert (await failure(call)).reason == "SESSION_REVOKED"
        return False


async def revoke(bus: Bus, session: str) -> None:
    event = SessionRevoked(session=f"users/alice/sessions/{session}", session_id=session)
    event.revoke_time.FromMilliseconds(int(time.time() * 1000))
    await publish_event(await bus.client(), event)


async def until_refused(replica: RunningService, caller: Metadata) -> None:
    async with asyncio.timeout(20):
        while await is_taken(replica, caller):  # noqa: ASYNC110  # what changes is in the replica
            await asyncio.sleep(0.02)


async def test_every_replica_refuses_a_session_that_ended_also_after_a_restart(replicas: Replicas, bus: Bus) -> None:
    ended, going_on = of_session("ended"), of_session("going-on")
    async with replicas.started() as one, replicas.started() as other:
        for replica in (one, other):
            assert await is_taken(replica, ended)  # and remembered
        await revoke(bus, "ended")
        for replica in (one, other):
            await until_refused(replica, ended)
            assert await is_taken(replica, going_on)
    async with replicas.started() as restarted:
        assert not await is_taken(restarted, ended)  # from its first call on
        assert await is_taken(restarted, going_on)


async def test_without_the_events_of_before_a_restart_would_bring_the_session_back(
    replicas: Replicas, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    made = Broadcast.__init__

    def from_now_on(self: Broadcast, *arguments: Any, since: timedelta | None = None, **named: Any) -> None:
        made(self, *arguments, **named)

    monkeypatch.setattr(Broadcast, "__init__", from_now_on)
    async with replicas.started() as one:
        await revoke(bus, "ended")
        await until_refused(one, of_session("ended"))
    async with replicas.started() as restarted:
        assert await is_taken(restarted, of_session("ended"))


async def test_a_service_starts_without_nats_and_takes_what_it_can_verify(empty_database_url: str, tmp_path: Path) -> None:
    async with Replicas(empty_database_url, tmp_path, "nats://127.0.0.1:9").started() as alone:
        assert await is_taken(alone, of_session("any"))
