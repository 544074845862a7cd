"""A control plane over a registry that is made up: `python -m bench.registry_plane SERVICES INSTANCES` prints its address, and from SIGUSR1
on changes one instance every second, each time with a line of JSON: when (CLOCK_MONOTONIC), and the new version of the endpoints."""

import asyncio
import itertools
import json
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator

from mesh.control_plane.ads import AdsServer
from mesh.control_plane.following import follow
from mesh.control_plane.hosts import service_host_builder
from mesh.control_plane.resources import EDS
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.registry.port import Instance, Registration
from mesh.transport.envoy.bootstrap import NODE_CLUSTER

_ROOM = 100  # ports of one service
_PAUSE = 1.0


def context(number: int) -> str:
    return f"service{number:03}"


def instance(service: int, number: int, generation: int) -> Instance:
    """Another generation is another address."""
    host = f"10.{generation >> 8 & 255}.{generation & 255}.{service + 1}"
    return Instance(context(service), f"{context(service)}-{number}", host, 10_000 + service * _ROOM + number)


class ChangingRegistry:
    """From `begin` on, one instance after the other moves."""

    def __init__(self, services: int, instances: int, begin: asyncio.Event) -> None:
        self._running = {(service, number): instance(service, number, 0) for service in range(services) for number in range(instances)}
        self._begin = begin

    async def register(self, instance: Instance) -> Registration:
        raise NotImplementedError("nobody registers here")

    async def snapshot(self) -> frozenset[Instance]:
        return frozenset(self._running.values())

    async def watch(self) -> AsyncIterator[frozenset[Instance]]:
        yield await self.snapshot()
        await self._begin.wait()
        for generation, key in zip(itertools.count(1), itertools.cycle(self._running)):  # both are without end
            self._running[key] = instance(*key, generation)
            yield await self.snapshot()
            await asyncio.sleep(_PAUSE)


async def serve(services: int, instances: int) -> None:
    begin = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, begin.set)
    ads = AdsServer(grpc_client_builder(()), {NODE_CLUSTER: service_host_builder(())})

    def publish(found: frozenset[Instance]) -> None:
        now = time.monotonic()
        ads.publish(found)
        if begin.is_set():
            print(json.dumps({"at": now, "version": ads.versions()[""][EDS]}), flush=True)

    print(f"127.0.0.1:{await ads.start('127.0.0.1:0')}", flush=True)
    await follow(ChangingRegistry(services, instances, begin), publish)


def allow_connections() -> None:
    """As many as the machine lets a process have: each client has one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    allow_connections()
    from mesh.logs import configure_logs

    configure_logs("control-plane", "bench", "ERROR")
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
