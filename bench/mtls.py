"""What it costs that the two ends of a call show certificates: `python -m bench.mtls [--calls 8000] [--rounds 4] [--json FILE]`.

The servers and calls of `bench.transport`, with and without in turn, 32 calls in flight on one connection; and connections that are made
for one call each, which is what a handshake costs. CPU is that of the server process.
"""

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path
from typing import Any

from bench.hosting import SERVICE
from bench.measuring import Figure, show
from bench.transport import Server, running, trace_collector, unary
from mesh.tls.grpc_credentials import dialled
from reelmesh.movie.v1 import movie_service_pb2 as pb
from stack.certificates import Certificates
from stack.tokens import SigningKeys

KINDS = ("grpcio", "hosted")
_CONNECTIONS = 200
_LIFE = 3600.0


async def connections(server: Server) -> float:
    """CPU µs for a connection with one call."""
    request = pb.GetMovieRequest(name="movies/tt0114709").SerializeToString()
    before = server.cpu_seconds()
    for _ in range(_CONNECTIONS):
        async with dialled(server.address, "movie", server.caller) as channel:
            method: Any = channel.unary_unary(f"/{SERVICE.full_name}/GetMovie")
            await method(request, timeout=5)
    return (server.cpu_seconds() - before) / _CONNECTIONS * 1e6


async def measure(calls: int, rounds: int, directory: Path) -> list[Figure]:
    keys, certificates = SigningKeys(directory), Certificates(directory / "certificates", directory, _LIFE)
    keys.create()
    certificates.create(["movie", "rating"])
    token = keys.token("users/alice", ["USER"], 3600)
    of_call: dict[tuple[str, bool], list[float]] = {}
    of_connection: dict[tuple[str, bool], list[float]] = {}
    async with trace_collector() as collector:
        for _ in range(rounds):
            for kind in KINDS:
                for shown in (False, True):
                    with running(kind, keys, collector, directory, certificates if shown else None) as server:
                        of_call.setdefault((kind, shown), []).append((await unary(server, calls, token)).cpu_us)
                        of_connection.setdefault((kind, shown), []).append(await connections(server))
    figures = []
    for kind in KINDS:
        plain, guarded = of_call[kind, False], of_call[kind, True]
        # Of neighbouring rounds, since the machine does not stay the same.
        ratios = [after / before for before, after in zip(plain, guarded, strict=True)]
        more = statistics.median(of_connection[kind, True]) - statistics.median(of_connection[kind, False])
        figures += [
            Figure(f"{kind}: CPU of a call with certificates against one without", statistics.median(ratios), "×"),
            Figure(f"{kind}: CPU of a call in plain text", statistics.median(plain), "µs"),
            Figure(f"{kind}: CPU of a call with certificates", statistics.median(guarded), "µs"),
            Figure(f"{kind}: CPU that a handshake adds to a new connection", more, "µs"),
        ]
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=8_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-mtls-") as directory:
        figures = asyncio.run(measure(options.calls, options.rounds, Path(directory)))
    show("Certificates", figures, options.json)


if __name__ == "__main__":
    main()
