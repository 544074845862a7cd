"""Whether every context has an instance that serves, asked when somebody wants to know."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress

import grpc
from grpc_health.v1 import health_pb2

from mesh.registry.port import Instance
from mesh.tls.grpc_credentials import dialled
from mesh.tls.identity import Identity

OK, NOT_SERVING, UNAVAILABLE = "ok", "not serving", "unavailable"
_KEPT_SECONDS = 1.0  # whoever asks more often hears the same again, so that asking costs the services nothing
_ASKED_SECONDS = 0.5
_ALL_SECONDS = 1.2  # however many instances of a context do not answer
_AT_ONCE = 4


class Readiness:
    """`serves` asks one instance. Of a context's instances no more are asked than it takes to find one that serves."""

    def __init__(
        self, contexts: Iterable[str], serves: Callable[[Instance], Awaitable[bool]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._contexts, self._serves, self._clock = frozenset(contexts), serves, clock
        self._asking: tuple[float, asyncio.Task[Mapping[str, str]]] | None = None
        self.instances: frozenset[Instance] = frozenset()

    async def checks(self) -> Mapping[str, str]:
        """context → `ok`, `not serving` (there are instances), `unavailable` (there are none). Addresses are nobody's business."""
        now = self._clock()
        if self._asking is None or now - self._asking[0] > _KEPT_SECONDS:
            self._asking = now, asyncio.ensure_future(self._ask())
        return await asyncio.shield(self._asking[1])

    async def _ask(self) -> Mapping[str, str]:
        contexts = sorted(self._contexts | {instance.context for instance in self.instances})
        found = await asyncio.gather(*(self._one(context) for context in contexts))
        return dict(zip(contexts, found, strict=True))

    async def _one(self, context: str) -> str:
        members = [instance for instance in self.instances if instance.context == context]
        with suppress(TimeoutError):
            async with asyncio.timeout(_ALL_SECONDS):
                for begin in range(0, len(members), _AT_ONCE):
                    if any(await asyncio.gather(*map(self._serves, members[begin : begin + _AT_ONCE]))):
                        return OK
        return NOT_SERVING if members else UNAVAILABLE


async def serves(instance: Instance, identity: Identity | None = None) -> bool:
    """The standard health check of gRPC; false for whoever does not answer. `identity` is who asks, with TLS."""
    async with dialled(instance.address, instance.context, identity) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = await check(health_pb2.HealthCheckRequest(), timeout=_ASKED_SECONDS)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
