"""Clients of a control plane, each with a connection of its own:
`python -m bench.registry_clients ADDRESS SERVICES CLIENTS FOLLOWED HOSTS`.

CLIENTS follow the endpoints of FOLLOWED contexts each, as gRPC's clients do; HOSTS follow those of all, as services in an Envoy do. Prints
a line when all have been answered; at the end of its input, JSON: version → when the first and the last client had it (CLOCK_MONOTONIC),
and how many had it.
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from typing import Any

import grpc
from envoy_data_plane.envoy.config.core.v3 import Node
from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryRequest

from bench.registry_plane import allow_connections, context
from mesh.control_plane.resources import EDS
from mesh.transport.envoy.bootstrap import NODE_CLUSTER

_METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
_VERSION, _NONCE = 1, 5
_AT_ONCE = 100  # a process that begins a thousand connections in one moment loses some


def texts(message: bytes) -> dict[int, bytes]:
    """The length-delimited fields of a message; a response is looked at that way a hundred times faster than parsed."""
    at, found = 0, {}
    while at < len(message):
        tag, at = _varint(message, at)
        size, at = _varint(message, at)
        found[tag >> 3] = message[at : at + size]
        at += size
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = message[at]
        at += 1
        value |= (octet & 127) << shift
        if octet < 128:
            return value, at
        shift += 7


class Clients:
    def __init__(self, address: str) -> None:
        self._address = address
        self.arrived: dict[str, list[float]] = defaultdict(list)
        self.answered = 0
        self._connecting = asyncio.Semaphore(_AT_ONCE)

    async def one(self, number: int, cluster: str, followed: list[str]) -> None:
        node = Node(id=f"client-{number}", cluster=cluster)
        options = (("grpc.use_local_subchannel_pool", 1),)
        async with grpc.aio.insecure_channel(self._address, options=options) as channel:
            async with self._connecting:
                call: Any = channel.stream_stream(_METHOD, None, None)(wait_for_ready=True)
                await call.write(bytes(DiscoveryRequest(node=node, type_url=EDS, resource_names=followed)))
                await self._take(call, followed)
            self.answered += 1
            while True:
                await self._take(call, followed)

    async def _take(self, call: Any, followed: list[str]) -> None:
        fields = texts(await call.read())
        self.arrived[fields[_VERSION].decode()].append(time.monotonic())
        await call.write(bytes(DiscoveryRequest(type_url=EDS, resource_names=followed, response_nonce=fields[_NONCE].decode())))


async def main(address: str, services: int, clients: int, followed: int, hosts: int) -> None:
    all_contexts = [context(number) for number in range(services)]
    told = Clients(address)
    tasks = [
        asyncio.create_task(told.one(number, "service", [all_contexts[(number + each) % services] for each in range(followed)]))
        for number in range(clients)
    ]
    tasks += [asyncio.create_task(told.one(clients + number, NODE_CLUSTER, all_contexts)) for number in range(hosts)]
    while told.answered < len(tasks):
        done, _ = await asyncio.wait(tasks, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # none ends but by an error
    told.arrived.clear()
    print("connected", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({version: [min(times), max(times), len(times)] for version, times in told.arrived.items()}))
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    allow_connections()
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
