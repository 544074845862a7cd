"""The figures of the hosted transport: whole stacks on either transport and a lean REST peer, side by side.

GetMovieDetails is asked as HTTP/JSON through the edge; CPU time is that of all its server processes, Envoy's and PostgreSQL's included.
The REST peer (`bench.rest_peer`) reads the same rows of the same PostgreSQL behind an Envoy of the same kind, and caches nothing.
Cold: the films are there many times, and each call asks for the next one, so that none is in the cache when its turn comes again.
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
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
import psutil
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from bench import transport
from bench.http1 import LoadedPaths
from bench.measuring import CpuClock, Figure, Round, interleaved, show
from bench.prepared import CONTEXTS, PreparedStack, prepared_stack
from bench.rest_peer import RestPeer, rest_peer
from stack.registrations import LocalRegistrations
from stack.servers.command import Command

COLD_AT_MOST, WARM_AT_MOST, STREAMS_AT_MOST = 1.0, 0.4, 0.5
ONE_HOP_AT_MOST, BARE_HOSTED_AT_MOST = 0.45, 2.0
PSS_AT_MOST_MB, START_AT_MOST = 80.0, 1.5
_FILMS = 8_000  # four times what the service keeps
_STREAMS = 200
_IDLE = 10.0  # seconds
_START_PATIENCE = 30.0
_STARTS = 5
_MB = 1_000_000


def measure_idle(hosted: PreparedStack) -> list[Figure]:
    """The catalogue has been loaded before, so this is the size of a service that has worked and rests."""
    time.sleep(_IDLE)
    names = [f"{context}-1" for context in CONTEXTS]
    sizes = {name: psutil.Process(hosted.stack.process(name).pid).memory_full_info().pss / _MB for name in names}
    return [Figure(f"{name} hosted, idle: PSS", size, "MB", at_most=PSS_AT_MOST_MB) for name, size in sizes.items()]


def measure_start(hosted: PreparedStack) -> list[Figure]:
    """One more movie service beside the first, on each transport in turn."""
    found: dict[str, list[float]] = {"envoy": [], "grpcio": []}
    for _ in range(_STARTS):
        for kind, times in found.items():
            with _another(hosted, kind) as seconds:
                times.append(seconds)
    more = statistics.median(mine - theirs for mine, theirs in zip(found["envoy"], found["grpcio"], strict=True))
    return [
        *(Figure(f"movie service on {kind}: start to SERVING", statistics.median(times), "s") for kind, times in found.items()),
        Figure("start to SERVING: hosted more than grpcio", more, "s", at_most=START_AT_MOST),
    ]


@contextmanager
def _another(prepared: PreparedStack, kind: str) -> Iterator[float]:
    stack, name = prepared.stack, "movie-bench"
    chosen = {
        variable: value
        for variable, value in psutil.Process(stack.process("movie-1").pid).environ().items()
        if variable.startswith("REELMESH_") and variable not in ("REELMESH_HOSTED_SERVICE", "REELMESH_ENVOY_ADMIN_FILE")
    }
    project = str(Path(__file__).resolve().parent.parent)
    environment = {**chosen, "REELMESH_INSTANCE_ID": name, "REELMESH_TRANSPORT": kind, "PYTHONPATH": project, "MALLOC_ARENA_MAX": "2"}
    command = Command((sys.executable, "-P", "-m", "movie_service"), env=environment)
    registrations = LocalRegistrations(stack.directory.registry)
    with (prepared.folder / f"{name}.log").open("ab") as log:
        began = time.perf_counter()
        process = subprocess.Popen(command.launch_argv(), env=command.launch_env(), cwd=prepared.folder, stdout=log, stderr=log)
    try:
        while not ((address := registrations.address(name)) and _serves(address)):
            if process.poll() is not None or time.perf_counter() - began > _START_PATIENCE:
                raise SystemExit(f"a movie service on {kind} did not start: {(prepared.folder / f'{name}.log').read_text('utf-8')[-1000:]}")
            time.sleep(0.01)
        yield time.perf_counter() - began
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        registrations.remove(name)


def _serves(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        try:
            check = channel.unary_unary(
                "/grpc.health.v1.Health/Check", HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
            )
            return check(HealthCheckRequest(), timeout=2).status == HealthCheckResponse.SERVING
        except grpc.RpcError:
            return False


def measure_streams(sides: Mapping[str, PreparedStack], rounds: int) -> list[Figure]:
    """ExportMovies straight from the movie service, by one client that reads all streams at once."""
    services = {side: _Streams(prepared, prepared.pids("movie-1")) for side, prepared in sides.items()}
    whole = {side: _Streams(prepared, prepared.pids("movie-1", "postgres")) for side, prepared in sides.items()}
    own = interleaved({side: streams.round for side, streams in services.items()}, rounds)
    everything = interleaved({side: streams.round for side, streams in whole.items()}, rounds)
    return [
        *_sizes("ExportMovies, 200 streams", "message", own),
        _ratio("ExportMovies, 200 streams: CPU in the service, hosted against grpcio", own, "hosted", "grpcio", STREAMS_AT_MOST),
        _ratio("ExportMovies, 200 streams: the same with PostgreSQL's", everything, "hosted", "grpcio", None),
    ]


class _Streams:
    def __init__(self, prepared: PreparedStack, pids: Sequence[int]) -> None:
        self._address, self._clock = prepared.address("movie"), CpuClock(pids)

    def round(self) -> Round:
        return asyncio.run(self._round())

    async def _round(self) -> Round:
        async with grpc.aio.insecure_channel(self._address) as channel:
            method: Any = channel.unary_stream("/reelmesh.movie.v1.MovieService/ExportMovies")

            async def read() -> tuple[int, float]:
                asked, count = time.perf_counter(), 0
                async for _ in method(b"", timeout=60):
                    count += 1
                return count, time.perf_counter() - asked

            before, began = self._clock.read(), time.perf_counter()
            found = await asyncio.gather(*(read() for _ in range(_STREAMS)))
            seconds, cpu = time.perf_counter() - began, self._clock.since(before)
        messages, times = sum(count for count, _ in found), sorted(taken for _, taken in found)
        return Round(messages / seconds, cpu / messages * 1e6, times[len(times) // 2] * 1e3, times[-1] * 1e3)


def measure_details(sides: Mapping[str, PreparedStack], seconds: float, rounds: int) -> list[Figure]:
    hosted = sides["hosted"]
    names = [answer.movie.name for answer in hosted.answers]
    copies = [prepared.multiply(-(-_FILMS // len(names))) for prepared in sides.values()].pop()  # the same names in each
    figures = []
    with rest_peer(hosted.folder / "rest-peer", hosted.database_url) as peer:
        # Copies only: of these the recommenders of both sides have nothing to say.
        few = copies[: len(names)]
        require_same_answers(hosted.stack.edge_address, peer, few)
        for name, asked, at_most in (("cold", copies, COLD_AT_MOST), ("warm", few, WARM_AT_MOST)):
            found = interleaved(_details(sides, peer, [f"/v1/{movie}:details" for movie in asked], seconds), rounds)
            title = f"details, {name}"
            figures += _sizes(title, "request", found)
            figures.append(_ratio(f"{title}: CPU, hosted against lean REST", found, "hosted", "lean REST", at_most))
            figures.append(_ratio(f"{title}: CPU, grpcio against lean REST", found, "grpcio", "lean REST", None))
    return figures


def _details(sides: Mapping[str, PreparedStack], peer: RestPeer, paths: Sequence[str], seconds: float) -> Mapping[str, Callable[[], Round]]:
    loaded = {}
    for side, prepared in sides.items():
        pids = prepared.pids(*(f"{context}-1" for context in CONTEXTS), "edge", "postgres")
        loaded[side] = LoadedPaths(prepared.stack.edge_address, paths, pids, seconds).round
    loaded["lean REST"] = LoadedPaths(peer.address, paths, [*peer.pids, *sides["hosted"].pids("postgres")], seconds).round
    return loaded


def require_same_answers(edge: str, peer: RestPeer, names: Sequence[str]) -> None:
    """A peer that answers something else, or less, would prove nothing. How times are written and whether empty fields are is no matter."""
    for name in names:
        ours, theirs = (_plain(_fetched(f"http://{address}/v1/{name}:details")) for address in (edge, peer.address))
        if ours != theirs:
            raise SystemExit(f"the REST peer answers {theirs} instead of {ours}")


def _fetched(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def _plain(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: plain for name, part in value.items() if (plain := _plain(part, name)) not in ("", 0, [], {})}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return datetime.fromisoformat(value) if key.endswith("Time") else value


def measure_one_hop(rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-hosted-") as folder:
        unary = asyncio.run(transport.measure(8_000, rounds, Path(folder)))["unary"]
    cpu = {kind: figure.cpu_us for kind, figure in unary.items()}
    return [
        *(Figure(f"one hop, {kind}: CPU", micros, "µs/call") for kind, micros in cpu.items()),
        Figure("one hop, everything on: CPU against bare grpc.aio", cpu["hosted"] / cpu["bare-grpcio"], "×", at_most=ONE_HOP_AT_MOST),
        Figure("one hop, everything on: CPU against bare hosted", cpu["hosted"] / cpu["bare-hosted"], "×", at_most=BARE_HOSTED_AT_MOST),
    ]


def _sizes(title: str, unit: str, found: Mapping[str, Sequence[Round]]) -> list[Figure]:
    figures = []
    for side, rounds in found.items():
        figures += [
            Figure(f"{title}, {side}: CPU of the servers", statistics.median(each.cpu_micros for each in rounds), f"µs/{unit}"),
            Figure(f"{title}, {side}: throughput", statistics.median(each.per_second for each in rounds), f"{unit}s/s"),
            Figure(f"{title}, {side}: p50", statistics.median(each.p50_ms for each in rounds), "ms"),
        ]
    return figures


def _ratio(title: str, found: Mapping[str, Sequence[Round]], ours: str, theirs: str, at_most: float | None) -> Figure:
    """The median over neighbouring rounds, which share their noise."""
    pairs = zip(found[ours], found[theirs], strict=True)
    return Figure(title, statistics.median(mine.cpu_micros / other.cpu_micros for mine, other in pairs), "×", at_most=at_most)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3, help="length of a round (default 3)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each side (default 5)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--without-one-hop", action="store_true", help="when `bench.transport` runs by itself")
    chosen = parser.parse_args()
    figures = []
    with prepared_stack("--transport", "envoy") as hosted:
        # Alone: two stacks would share memory that one has to itself.
        figures += [*measure_idle(hosted), *measure_start(hosted)]
        with prepared_stack("--transport", "grpcio") as grpcio:
            sides = {"hosted": hosted, "grpcio": grpcio}
            figures += measure_streams(sides, chosen.rounds)
            figures += measure_details(sides, chosen.seconds, chosen.rounds)
    if not chosen.without_one_hop:
        figures += measure_one_hop(min(chosen.rounds, 3))
    show(f"The hosted transport ({os.cpu_count()} CPUs, load average {os.getloadavg()[1]:.1f})", figures, chosen.json)


if __name__ == "__main__":
    main()
