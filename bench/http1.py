"""The smallest client of HTTP/1.1 with keep-alive, and `python -m bench.http1`: load with it from a process of its own.

Requests are prepared bytes, so that what is measured is the server and not the client.
"""

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

from bench.load import LoadProcess, Result

_CONNECTIONS = 16  # one request at a time on each
_LATE = 30.0  # seconds for the last answers


def get(address: str, path: str, token: str = "") -> str:
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}\r\n"


class HttpConnection(asyncio.Protocol):
    """One request at a time; `answered(status)` is told of every answer, with 0 when the connection is lost instead."""

    def __init__(self, answered: Callable[[int], None]) -> None:
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, request: bytes) -> None:
        assert self._transport is not None
        self._asked = True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().find(b"\r\ncontent-length:")
        if at < 0:
            raise ConnectionError(f"an answer without a length: {head.decode(errors='replace')}")
        if len(body) >= int(head[at + 17 :].partition(b"\r\n")[0]):
            self._received, self._asked = b"", False
            self._answered(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._asked:
            self._asked = False
            self._answered(0)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _Load:
    def __init__(self, address: str, requests: Sequence[bytes], first: int, seconds: float) -> None:
        self._address, self._requests, self._seconds = address, requests, seconds
        self._numbers = itertools.count(first)
        self._times: list[float] = []
        self._failed = 0

    async def run(self) -> Result:
        began = time.perf_counter()
        self._ends = began + self._seconds
        async with asyncio.timeout(self._seconds + _LATE):
            await asyncio.gather(*(self._caller() for _ in range(_CONNECTIONS)))
        return Result.of(self._times, self._failed, time.perf_counter() - began, next(self._numbers) % len(self._requests))

    async def _caller(self) -> None:
        host, _, port = self._address.rpartition(":")
        loop = asyncio.get_running_loop()
        done, began = loop.create_future(), 0.0

        def ask() -> None:
            nonlocal began
            request = self._requests[next(self._numbers) % len(self._requests)]
            began = time.perf_counter()
            connection.ask(request)

        def answered(status: int) -> None:
            now = time.perf_counter()
            self._times.append(now - began)
            self._failed += status != 200
            if status and now < self._ends:
                ask()
            else:
                done.set_result(None)

        _, connection = await loop.create_connection(lambda: HttpConnection(answered), host, int(port))
        ask()
        await done
        connection.close()


class LoadedPaths(LoadProcess):
    """GET of some paths, by whoever has `token`."""

    def __init__(self, address: str, paths: Sequence[str], pids: Sequence[int], seconds: float, token: str = "") -> None:
        super().__init__("bench.http1", {"address": address, "paths": paths, "token": token}, pids, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--first", type=int, default=0, help="the request to begin with")
    chosen = parser.parse_args()
    job = json.load(sys.stdin)
    requests = [get(job["address"], path, job["token"]).encode() for path in job["paths"]]
    print(json.dumps(asdict(asyncio.run(_Load(job["address"], requests, chosen.first, chosen.seconds).run()))))


if __name__ == "__main__":
    main()
