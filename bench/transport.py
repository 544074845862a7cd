"""What a call costs on each transport: CPU µs of the server process, calls per second, median latency, and CPU per streamed message.

`python -m bench.transport [--calls 16000] [--rounds 3] [--json FILE]`. The servers are those of `bench.hosting`, each measured in turn in
every round with 32 calls in flight. `bare` answers without authentication, validation, deadline, metrics, log and trace; ours has them.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from rich.console import Console
from rich.table import Table

from bench.hosting import SERVICE, STREAMED
from mesh.tls.grpc_credentials import dialled
from mesh.tls.identity import Identity
from reelmesh.movie.v1 import movie_service_pb2 as pb
from stack.certificates import Certificates
from stack.tokens import SigningKeys

KINDS = ("bare-grpcio", "grpcio", "bare-hosted", "hosted")
IN_FLIGHT = 32
STREAMS = 200


@dataclass(frozen=True)
class Figure:
    """One measurement of one server."""

    cpu_us: float
    per_second: float
    p50_ms: float


@dataclass(frozen=True)
class Server:
    """A server process and where it listens; with `caller`, to whoever shows that certificate."""

    kind: str
    address: str
    pid: int
    caller: Identity | None = None

    def cpu_seconds(self) -> float:
        """Of the threads that live. In nanoseconds: /proc/PID/stat counts hundredths of a second, which is a tenth of a short round."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().partition(" ")[0]) for thread in threads) / 1e9

    def pss_mib(self) -> float:
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@contextmanager
def running(kind: str, keys: SigningKeys, collector: str, directory: Path, certificates: Certificates | None = None) -> Iterator[Server]:
    """With `certificates` the server is `movie` and its caller `rating`."""
    file = directory / f"{kind}.address"
    environment = {**os.environ, "KEYS": str(keys.jwks_file), "OTLP": collector, "ADDRESS_FILE": str(file)}
    if certificates is not None:
        environment["REELMESH_TLS_DIR"] = str(certificates.identity("movie").directory)
    with (directory / f"{kind}.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "bench.hosting", kind], env=environment, stdout=log, stderr=log)
    try:
        limit = time.monotonic() + 30
        while not (file.exists() and file.read_text()):
            if process.poll() is not None or time.monotonic() > limit:
                raise SystemExit(f"{kind} did not start: {(directory / f'{kind}.log').read_text()[-1000:]}")
            time.sleep(0.05)
        yield Server(kind, file.read_text(), process.pid, certificates.identity("rating") if certificates is not None else None)
    finally:
        process.terminate()
        process.wait(20)
        file.unlink(missing_ok=True)


@asynccontextmanager
async def trace_collector() -> AsyncIterator[str]:
    """Takes every span and forgets it."""

    async def export(request: bytes, context: Any) -> bytes:
        return b""

    server = grpc.aio.server()
    handler = grpc.method_handlers_generic_handler(
        "opentelemetry.proto.collector.trace.v1.TraceService", {"Export": grpc.unary_unary_rpc_method_handler(export)}
    )
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"http://127.0.0.1:{port}"
    await server.stop(0)


async def unary(server: Server, calls: int, token: str, beside: tuple[tuple[str, str], ...] = ()) -> Figure:
    """`beside` is more metadata."""
    request = pb.GetMovieRequest(name="movies/tt0114709").SerializeToString()
    metadata = (*((("authorization", f"Bearer {token}"),) if token else ()), ("accept-language", "de, en;q=0.5"), *beside)
    async with dialled(server.address, "movie", server.caller) as channel:
        method: Any = channel.unary_unary(f"/{SERVICE.full_name}/GetMovie")

        async def caller(count: int, taken: list[float]) -> None:
            for _ in range(count):
                began = time.perf_counter()
                await method(request, metadata=metadata, timeout=5)
                taken.append(time.perf_counter() - began)

        await asyncio.gather(*(caller(20, []) for _ in range(IN_FLIGHT)))
        times: list[float] = []
        before, began = server.cpu_seconds(), time.perf_counter()
        await asyncio.gather(*(caller(calls // IN_FLIGHT, times) for _ in range(IN_FLIGHT)))
        seconds = time.perf_counter() - began
        return Figure((server.cpu_seconds() - before) / len(times) * 1e6, len(times) / seconds, statistics.median(times) * 1e3)


async def streams(server: Server) -> Figure:
    async with grpc.aio.insecure_channel(server.address) as channel:
        method: Any = channel.unary_stream(f"/{SERVICE.full_name}/ExportMovies")

        async def read() -> float:
            began, count = time.perf_counter(), 0
            async for _ in method(b""):
                count += 1
            assert count == STREAMED
            return time.perf_counter() - began

        before, began = server.cpu_seconds(), time.perf_counter()
        times = await asyncio.gather(*(read() for _ in range(STREAMS)))
        messages, seconds = STREAMS * STREAMED, time.perf_counter() - began
        return Figure((server.cpu_seconds() - before) / messages * 1e6, messages / seconds, statistics.median(times) * 1e3)


async def measure(calls: int, rounds: int, directory: Path) -> dict[str, dict[str, Figure]]:
    keys = SigningKeys(directory)
    keys.create()
    token = keys.token("users/alice", ["USER"], 3600)
    unaries: dict[str, list[Figure]] = {kind: [] for kind in KINDS}
    streamed: dict[str, list[Figure]] = {kind: [] for kind in KINDS if kind != "bare-hosted"}
    async with trace_collector() as collector:
        for _ in range(rounds):
            for kind in KINDS:
                with running(kind, keys, collector, directory) as server:
                    unaries[kind].append(await unary(server, calls, token))
                    if kind in streamed:
                        streamed[kind].append(await streams(server))
    return {"unary": {k: _median(v) for k, v in unaries.items()}, "stream": {k: _median(v) for k, v in streamed.items()}}


def _median(figures: list[Figure]) -> Figure:
    return sorted(figures, key=lambda figure: figure.cpu_us)[len(figures) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=16_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-transport-") as directory:
        found = asyncio.run(measure(options.calls, options.rounds, Path(directory)))
    table = Table("", "CPU µs", "per second", "p50 ms", "× bare grpc.aio")
    for kind, figures in found.items():
        base = figures["bare-grpcio"].cpu_us
        for name, figure in figures.items():
            table.add_row(
                f"{kind} {name}", f"{figure.cpu_us:.1f}", f"{figure.per_second:,.0f}", f"{figure.p50_ms:.2f}", f"{figure.cpu_us / base:.2f}"
            )
    Console().print(table)
    one_hop = found["unary"]
    print(f"ours hosted / bare hosted: {one_hop['hosted'].cpu_us / one_hop['bare-hosted'].cpu_us:.2f} (≤ 2 wanted)")
    if options.json:
        plain = {kind: {name: vars(figure) for name, figure in figures.items()} for kind, figures in found.items()}
        options.json.write_text(json.dumps(plain, indent=2))


if __name__ == "__main__":
    main()
