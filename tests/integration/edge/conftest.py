"""One Envoy for all tests of the edge, and the service behind it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from edge.bootstrap import write_bootstrap
from edge.options import EdgeOptions, StaticPage
from edge.resources import NODE_CLUSTER, edge_builder
from mesh.control_plane.ads import AdsServer
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.registry.port import Instance
from stack.servers.command import free_port
from stack.servers.envoy import EnvoyServer
from stack.servers.running import running
from tests.integration.edge.shop import METHODS, Contract, Shop
from tests.services import write_jwks

T = TypeVar("T")
PAGE = StaticPage("/docs", "text/html; charset=utf-8", ("<p>documentation</p>" * 2_000).encode())


class Loop:
    """An event loop in a thread of its own: what it runs lives across tests, which have a loop each."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def call(self, function: Callable[[], T]) -> T:
        async def inside() -> T:
            return function()

        return self.run(inside())

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@dataclass(frozen=True)
class Edge:
    """`publish` tells the control plane which instances there are."""

    url: str
    address: str
    admin_address: str
    contract: Contract
    shop: Shop
    shop_instance: Instance
    publish: Callable[[frozenset[Instance]], None]
    ads: AdsServer
    log: Path
    loop: Loop


@contextmanager
def running_edge(directory: Path, options: EdgeOptions) -> Iterator[Edge]:
    """With a shop and a control plane of its own, on a free port."""
    contract = Contract(directory)
    address = f"127.0.0.1:{free_port()}"
    builder = edge_builder(contract.descriptor_set, METHODS, replace(options, listen=address, pages=[PAGE], checks_tokens=True))
    jwks = write_jwks(directory / "jwks.json").read_text()
    loop = Loop()

    async def start() -> tuple[Shop, Instance, AdsServer, int]:
        shop = Shop(contract)
        instance = Instance("shop", "shop-1", "127.0.0.1", await shop.start())
        ads = AdsServer(grpc_client_builder(METHODS), {NODE_CLUSTER: builder})
        ads.trust(jwks)
        ads.publish(frozenset([instance]))
        return shop, instance, ads, await ads.start("127.0.0.1:0")

    shop, instance, ads, port = loop.run(start())
    bootstrap = directory / "bootstrap.json"
    write_bootstrap(bootstrap, xds_servers=[f"127.0.0.1:{port}"])
    log = directory / "envoy.log"
    with running(EnvoyServer(directory, bootstrap, address=address, concurrency=1), log) as envoy:
        publish = lambda instances: loop.call(lambda: ads.publish(instances))  # noqa: E731  # a name for it would say the same
        yield Edge(f"http://{address}", address, envoy.admin_address, contract, shop, instance, publish, ads, log, loop)
    loop.run(ads.stop())
    loop.run(shop.stop())
    loop.stop()


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running_edge(tmp_path_factory.mktemp("edge"), EdgeOptions()) as started:
        yield started


@pytest.fixture
def http(edge: Edge) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=edge.url, timeout=10) as client:
        edge.shop.calls.clear()
        yield client
