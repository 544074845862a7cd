"""What it costs to know who calls: `python -m bench.authentication [--calls 1000] [--rounds 31] [--seconds 0.5] [--json FILE]`.

At a service: GetMovie of `bench.hosting` with a warm token of a session and the proof of a calling service, for a method that asks for a
role, against a server that looks at none of it; the metadata, and all else, are the same. Many short rounds, since a few µs are looked for
beside the noise of a machine. By itself: the same decision in this process, without a server. At the edge: an Envoy that checks tokens and
counts requests of addresses and users, against one that does neither, in front of one bare server, which is not counted.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from bench.hosting import ROLE, SERVED_WITH, SERVICE, handlers
from bench.http1 import LoadedPaths
from bench.measuring import Figure, interleaved, show
from bench.transport import Server, running, trace_collector, unary
from edge.bootstrap import write_bootstrap
from edge.descriptors import load_contract
from edge.options import EdgeOptions
from edge.process import control_plane
from mesh.call import TraceContext
from mesh.handlers import Handler, Incoming
from mesh.registry.port import Instance
from mesh.service_tokens import SERVICE_TOKEN, ServiceTokens
from mesh.settings import host_and_port
from mesh.signing import SigningKey
from stack.servers.command import free_port
from stack.servers.envoy import EnvoyServer
from stack.servers.running import running as running_server
from stack.tokens import SigningKeys

_AT_LEAST = 0.95
_LIMIT = 1_000_000  # counted, and never reached
_DECISIONS = 5_000
_NO_TRACE = TraceContext("0" * 32, "")
_TRANSPORTS = ("grpcio", "hosted")
_PATH = "/v1/movies/tt0114709"
_OPEN = EdgeOptions()
_CHECKING = EdgeOptions(checks_tokens=True)
_COUNTING = replace(_CHECKING, address_limit=_LIMIT, user_limit=_LIMIT)


async def measure_services(calls: int, rounds: int, directory: Path, token: str) -> list[Figure]:
    keys, figures = SigningKeys(directory), []
    proof = ((SERVICE_TOKEN, ServiceTokens("rating", [SERVED_WITH]).issued("movie")),)
    async with trace_collector() as collector:
        for transport in _TRANSPORTS:
            with (
                running(f"{transport}-guarded", keys, collector, directory) as guarded,
                running(f"{transport}-open", keys, collector, directory) as unguarded,
            ):
                pairs = [
                    (await unary(guarded, calls, token, proof), await unary(unguarded, calls, token, proof)) for _ in range(rounds + 1)
                ][1:]
            on, off = (statistics.median(pair[side].cpu_us for pair in pairs) for side in (0, 1))
            ratio = statistics.median(pair[1].cpu_us / pair[0].cpu_us for pair in pairs)
            figures += [
                Figure(f"{transport}, access decided: CPU", on, "µs/call"),
                Figure(f"{transport}, nobody asked who calls: CPU", off, "µs/call"),
                Figure(f"{transport}: calls per CPU second with access decided as part of without", ratio, "", at_least=_AT_LEAST),
            ]
    return figures


def measure_decision(rounds: int, directory: Path, token: str) -> Figure:
    """How much longer a handler takes to begin a call when it asks who makes it."""
    proof = ServiceTokens("rating", [SERVED_WITH]).issued("movie")
    incoming = Incoming({"authorization": f"Bearer {token}", SERVICE_TOKEN: proof}, 5.0, "bench")
    path = f"/{SERVICE.full_name}/GetMovie"
    guarded, unguarded = (handlers(manner, SigningKeys(directory).jwks_file, "")[path] for manner in ("guarded", "open"))

    def micros(handler: Handler) -> float:
        began = time.process_time_ns()
        for _ in range(_DECISIONS):
            handler.begin(incoming, _NO_TRACE)
        return (time.process_time_ns() - began) / _DECISIONS / 1e3

    more = statistics.median(micros(guarded) - micros(unguarded) for _ in range(rounds))
    return Figure("deciding access by itself: CPU", more, "µs/call")


@asynccontextmanager
async def edge(options: EdgeOptions, upstream: Server, jwks: str, folder: Path) -> AsyncIterator[tuple[str, int]]:
    """Where it listens, and its pid."""
    address = f"127.0.0.1:{free_port()}"
    ads = control_plane(load_contract(), replace(options, listen=address))
    ads.trust(jwks)
    ads.publish(frozenset([Instance("movie", "movie-1", *host_and_port(upstream.address))]))
    bootstrap = folder.with_suffix(".json")
    write_bootstrap(bootstrap, xds_servers=[f"127.0.0.1:{await ads.start('127.0.0.1:0')}"])
    before = {child.pid for child in psutil.Process().children()}
    envoy = EnvoyServer(folder, bootstrap, address=address, concurrency=1)
    starting = running_server(envoy, folder.with_suffix(".log"))
    # Beside the loop, which serves its configuration; a thread of the loop's pool lives as long as the loop, and the server with it.
    await asyncio.to_thread(starting.__enter__)
    try:
        [pid] = {child.pid for child in psutil.Process().children()} - before
        yield address, pid
    finally:
        await asyncio.to_thread(starting.__exit__, None, None, None)
        await ads.stop()


async def measure_edge(seconds: float, rounds: int, directory: Path, token: str) -> list[Figure]:
    keys = SigningKeys(directory)
    jwks, sides = keys.jwks_file.read_text("utf-8"), {"neither": _OPEN, "tokens": _CHECKING, "tokens and limits": _COUNTING}
    async with AsyncExitStack() as stack:
        upstream = stack.enter_context(running("bare-grpcio", keys, "", directory))
        loads = {}
        for number, (side, options) in enumerate(sides.items()):
            address, pid = await stack.enter_async_context(edge(options, upstream, jwks, directory / f"edge-{number}"))
            loads[side] = LoadedPaths(address, [_PATH], [pid], seconds, token).round
        found = await asyncio.to_thread(interleaved, loads, rounds)
    cpu = {side: statistics.median(each.cpu_micros for each in rounds) for side, rounds in found.items()}
    figures = [Figure(f"edge, {side} checked: CPU of Envoy", micros, "µs/request") for side, micros in cpu.items()]
    for side in list(sides)[1:]:
        pairs = zip(found[side], found["neither"], strict=True)
        ratio = statistics.median(with_.cpu_micros / without.cpu_micros for with_, without in pairs)
        figures.append(Figure(f"edge, {side} checked against neither: CPU of Envoy", ratio, "×"))
    return figures


async def measure(chosen: argparse.Namespace, directory: Path) -> list[Figure]:
    keys = SigningKeys(directory)
    keys.create()
    token = SigningKey(keys.key_file, "reelmesh", "reelmesh").access_token("users/alice", [ROLE.name], 3600, token_id="1", session="s1")
    return [
        measure_decision(chosen.rounds, directory, token),
        *await measure_services(chosen.calls, chosen.rounds, directory, token),
        *await measure_edge(chosen.seconds, chosen.rounds, directory, token),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1_000, help="of each round at a service (default 1000)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each round at the edge (default 0.5)")
    parser.add_argument("--rounds", type=int, default=31, help="rounds of each side (default 31)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-authentication-") as directory:
        figures = asyncio.run(measure(chosen, Path(directory)))
    show(f"Who calls ({os.cpu_count()} CPUs, load average {os.getloadavg()[1]:.1f})", figures, chosen.json)


if __name__ == "__main__":
    main()
