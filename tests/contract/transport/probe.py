"""Methods that do what a case asks for, as JSON; both transports serve them as they are."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.rpc import error_details_pb2, status_pb2

from mesh.handlers import CallFailed, Incoming

SERVICE = "reelmesh.test.Probe"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a method is called."""

    method: str
    client_streaming: bool = False
    server_streaming: bool = False

    @property
    def service(self) -> str:
        return SERVICE

    @property
    def path(self) -> str:
        return f"/{SERVICE}/{self.method}"


class Seen:
    """What happened in the server; `Report` tells it."""

    def __init__(self) -> None:
        self.began = self.made = self.taken = 0
        self.ended: list[float] = []  # when a call ended, by time.monotonic(), which all processes of a machine share


class ProbeMethod:
    """A method under test."""

    def __init__(self, policy: Shape, behaviour: Callable[..., Any], seen: Seen) -> None:
        self.policy = policy
        self._behaviour = behaviour
        self._seen = seen

    async def unary(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> bytes:
        behaviour: Callable[..., Awaitable[bytes]] = self._behaviour
        self._seen.began += self._behaviour is not _report
        try:
            return await behaviour(self._seen, payload, incoming)
        finally:
            if self._behaviour is not _report:
                self._seen.ended.append(time.monotonic())

    async def stream(self, payload: bytes | AsyncIterator[bytes], incoming: Incoming) -> AsyncGenerator[bytes, None]:
        self._seen.began += 1
        try:
            async for message in self._behaviour(self._seen, payload, incoming):
                yield message
        finally:
            self._seen.ended.append(time.monotonic())


async def _echo(seen: Seen, payload: bytes, incoming: Incoming) -> bytes:
    return payload


async def _metadata(seen: Seen, payload: bytes, incoming: Incoming) -> bytes:
    assert incoming.leading is not None
    assert incoming.trailing is not None
    incoming.leading.extend((("x-leading", "first"), ("x-leading-bin", b"\0\1\xff")))
    incoming.trailing.extend((("x-trailing", "last"), ("x-trailing-bin", bytes(range(256)))))
    told = {
        "text": dict(incoming.metadata),
        "binary": {k: v.hex() for k, v in incoming.binary.items()},
        "left": incoming.time_remaining,
        "peer": incoming.peer,
        "identity": incoming.identity,
    }
    return json.dumps(told).encode()


async def _fail(seen: Seen, payload: bytes, incoming: Incoming) -> bytes:
    asked = json.loads(payload)
    status = status_pb2.Status(code=asked["code"], message=asked["message"])
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason="ASKED", domain="test"))
    raise CallFailed(status)


async def _break(seen: Seen, payload: bytes, incoming: Incoming) -> bytes:
    raise ValueError("password=hunter2 at /srv/app.py")


async def _sleep(seen: Seen, payload: bytes, incoming: Incoming) -> bytes:
    await asyncio.sleep(float(payload or b"30"))
    return b"slept"


async def _report(seen: Seen, payload: bytes, incoming: Incoming) -> bytes:
    return json.dumps({"began": seen.began, "made": seen.made, "taken": seen.taken, "ended": seen.ended}).encode()


async def _count(seen: Seen, payloads: AsyncIterator[bytes], incoming: Incoming) -> bytes:
    sizes = [len(payload) async for payload in payloads]
    return json.dumps(sizes).encode()


async def _take_slowly(seen: Seen, payloads: AsyncIterator[bytes], incoming: Incoming) -> bytes:
    async for _ in payloads:
        seen.taken += 1
        await asyncio.sleep(0.02)
    return b""


async def _enough(seen: Seen, payloads: AsyncIterator[bytes], incoming: Incoming) -> bytes:
    async for payload in payloads:
        return payload
    return b"nothing"


async def _repeat(seen: Seen, payload: bytes, incoming: Incoming) -> AsyncIterator[bytes]:
    """`times` messages of `size` bytes, `pause` seconds between them, then the status `code` unless it is 0."""
    asked = {"times": 1, "size": 1, "pause": 0.0, "code": 0} | json.loads(payload or b"{}")
    for number in range(asked["times"]):
        if number and asked["pause"]:
            await asyncio.sleep(asked["pause"])
        seen.made += 1
        yield number.to_bytes(4) + b"x" * (asked["size"] - 4)
    if asked["code"]:
        raise CallFailed(status_pb2.Status(code=asked["code"], message="as asked"))


async def _ping_pong(seen: Seen, payloads: AsyncIterator[bytes], incoming: Incoming) -> AsyncIterator[bytes]:
    async for payload in payloads:
        yield payload


def probe_methods() -> Mapping[str, ProbeMethod]:
    seen = Seen()
    behaviours: dict[Shape, Callable[..., Any]] = {
        Shape("Echo"): _echo,
        Shape("Metadata"): _metadata,
        Shape("Fail"): _fail,
        Shape("Break"): _break,
        Shape("Sleep"): _sleep,
        Shape("Report"): _report,
        Shape("Count", client_streaming=True): _count,
        Shape("TakeSlowly", client_streaming=True): _take_slowly,
        Shape("Enough", client_streaming=True): _enough,
        Shape("Repeat", server_streaming=True): _repeat,
        Shape("PingPong", client_streaming=True, server_streaming=True): _ping_pong,
    }
    return {shape.path: ProbeMethod(shape, behaviour, seen) for shape, behaviour in behaviours.items()}
