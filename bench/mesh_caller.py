"""`python -m bench.mesh_caller serve`: a bare server and its control plane, whose two addresses are printed on one line. `… call ADDRESSES
SECONDS`: for each line of standard input, `xds` or `direct`, a round of calls that way, told as JSON."""

import asyncio
import json
import os
import resource
import sys
import time
from dataclasses import asdict
from typing import Any

from bench.measuring import Round
from mesh.control_plane.client_bootstrap import use_control_plane

_METHOD = "/bench.Echo/Get"
_IN_FLIGHT = 16


async def serve() -> None:
    import grpc

    from mesh.control_plane.ads import AdsServer
    from mesh.control_plane.snapshot import grpc_client_builder
    from mesh.registry.port import Instance

    async def answer(request: bytes, context: object) -> bytes:
        return request

    server = grpc.aio.server()
    handler: Any = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", {"Get": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    ads = AdsServer(grpc_client_builder(()))
    ads.publish(frozenset([Instance("echo", "echo-1", "127.0.0.1", port)]))
    plane = await ads.start("127.0.0.1:0")
    print(f"127.0.0.1:{port},127.0.0.1:{plane}", flush=True)
    await server.wait_for_termination()


async def call(direct: str, seconds: float) -> None:
    import grpc

    async with grpc.aio.insecure_channel(direct) as straight, grpc.aio.insecure_channel("xds:///echo") as meshed:
        ways: Any = {"direct": straight.unary_unary(_METHOD, None, None), "xds": meshed.unary_unary(_METHOD, None, None)}
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            print(json.dumps(asdict(await _round(ways[line], seconds))), flush=True)


async def _round(ask: Any, seconds: float) -> Round:
    took: list[float] = []
    ends = time.perf_counter() + seconds

    async def caller() -> None:
        while (began := time.perf_counter()) < ends:
            await ask(b"x" * 100, timeout=10)
            took.append(time.perf_counter() - began)

    before, began = _cpu(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(_IN_FLIGHT)))
    elapsed, cpu = time.perf_counter() - began, _cpu() - before
    took.sort()
    return Round(len(took) / elapsed, cpu / len(took) * 1e6, took[len(took) // 2] * 1000, took[len(took) * 99 // 100] * 1000)


def _cpu() -> float:
    """Of the caller: that is where xDS makes a difference."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        server, control_plane = sys.argv[2].split(",")
        use_control_plane(os.environ, [control_plane], node_id="bench")
        asyncio.run(call(server, float(sys.argv[3])))
