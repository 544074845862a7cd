"""What the edge adds: GetMovie as HTTP/JSON through Envoy against the same call by gRPC straight to the service, one at a time.

Both clients write prepared bytes to a connection that stays open and read the answer, in turn and with a pause before each call: low load.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable

from bench.http2 import GrpcConnection
from bench.load import Target
from bench.measuring import Figure, arguments, show
from bench.prepared import PreparedStack, prepared_stack

AT_MOST_MS = 1.0
_PAUSE = 0.004  # seconds before each call
_WARM_UP = 200  # calls
_PATIENCE = 5.0  # seconds for one answer


class DirectClient:
    """gRPC to the service itself."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._answer: asyncio.Future[bool]

    async def connect(self) -> None:
        host, _, port = self._target.address.rpartition(":")
        target = self._target
        _, self._connection = await asyncio.get_running_loop().create_connection(
            lambda: GrpcConnection(target.address, target.path, target.metadata, self._answered), host, int(port)
        )

    async def ask(self, number: int) -> None:
        self._answer = asyncio.get_running_loop().create_future()
        self._connection.ask(self._target.requests[number])
        if not await self._answer:
            raise SystemExit("a direct call failed")

    def close(self) -> None:
        self._connection.close()

    def _answered(self, stream: int, ok: bool) -> None:
        self._answer.set_result(ok)


class EdgeClient:
    """HTTP/1.1 with keep-alive to the edge."""

    def __init__(self, address: str, names: list[str], token: str) -> None:
        self._address = address
        self._requests = [f"GET /v1/{name} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {token}\r\n\r\n".encode() for name in names]

    async def connect(self) -> None:
        host, _, port = self._address.rpartition(":")
        self._reader, self._writer = await asyncio.open_connection(host, int(port))

    async def ask(self, number: int) -> None:
        self._writer.write(self._requests[number])
        head = await self._reader.readuntil(b"\r\n\r\n")
        status, *lines = head.decode().lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines if line)
        if " 200 " not in status:
            raise SystemExit(f"the edge answers {status}")
        await self._reader.readexactly(int(headers["content-length"]))

    def close(self) -> None:
        self._writer.close()


async def measure(prepared: PreparedStack, calls: int) -> list[Figure]:
    names = [answer.movie.name for answer in prepared.answers]
    direct = DirectClient(prepared.movie_target(prepared.address("movie"), signed_in=True))
    edge = EdgeClient(prepared.stack.edge_address, names, prepared.bearer()[0][1])
    await direct.connect()
    await edge.connect()
    asks: dict[str, Callable[[int], Awaitable[None]]] = {"direct": direct.ask, "edge": edge.ask}
    times: dict[str, list[float]] = {side: [] for side in asks}
    for turn in range(-_WARM_UP, calls):
        number = turn % len(names)
        for side in random.sample(sorted(asks), 2):
            await asyncio.sleep(_PAUSE)
            began = time.perf_counter()
            async with asyncio.timeout(_PATIENCE):
                await asks[side](number)
            if turn >= 0:
                times[side].append((time.perf_counter() - began) * 1000)
    direct.close()
    edge.close()
    medians = {side: statistics.median(found) for side, found in times.items()}
    tails = {side: statistics.quantiles(found, n=100)[98] for side, found in times.items()}
    calm = {side: statistics.quantiles(found, n=10)[0] for side, found in times.items()}
    return [
        Figure("gRPC to the service: p50", medians["direct"], "ms"),
        Figure("gRPC to the service: p99", tails["direct"], "ms"),
        Figure("HTTP/JSON through the edge: p50", medians["edge"], "ms"),
        Figure("HTTP/JSON through the edge: p99", tails["edge"], "ms"),
        Figure("the edge adds: p50", medians["edge"] - medians["direct"], "ms", at_most=AT_MOST_MS),
        Figure("the edge adds: p10, the least disturbed calls", calm["edge"] - calm["direct"], "ms"),
    ]


def main() -> None:
    chosen = arguments(__doc__, seconds=3, rounds=7)
    with prepared_stack() as prepared:
        figures = asyncio.run(measure(prepared, round(chosen.seconds * chosen.rounds / (2 * _PAUSE))))
    show("The edge, at low load", figures, chosen.json)


if __name__ == "__main__":
    main()
