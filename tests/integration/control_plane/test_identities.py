"""Clients that find a service through the control plane, and what their certificates and its own decide; both kinds of clients."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mesh.control_plane.ads import AdsServer
from mesh.control_plane.envoy_bootstrap import EXTENSION, ads_config, socket_address, xds_cluster
from mesh.control_plane.envoy_tls import EnvoyTls
from mesh.control_plane.hosts import service_host_builder
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.registry.port import Instance
from mesh.tls.identity import Identity
from mesh.tls.settings import CONTROL_PLANE
from mesh.transport.envoy.bootstrap import NODE_CLUSTER
from mesh.transport.grpcio.server import GrpcioServer
from stack.servers.command import free_port
from stack.servers.envoy import EnvoyServer
from stack.servers.running import running
from tests.authorities import EXPIRED, certificates
from tests.contract.transport.probe import probe_methods

_WITHIN = 30.0  # seconds, on a machine that is busy with something else


@dataclass
class Caller:
    """A client of `echo` in a process of its own; `admin` is the interface of the Envoy in front of it, if there is one."""

    process: asyncio.subprocess.Process
    admin: str = ""

    async def call(self) -> dict[str, str]:
        """The name by which the service knew it, or the code of the failure."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        answer: dict[str, str] = json.loads(await self.process.stdout.readline())
        return answer

    async def until_answered(self) -> dict[str, str]:
        async with asyncio.timeout(_WITHIN):
            while "code" in (answer := await self.call()):  # noqa: ASYNC110  # it happens in another process
                await asyncio.sleep(0.1)
        return answer

    async def until_refusing_names(self) -> None:
        """Of who is at the other end, and not for another reason; it is never answered."""
        async with asyncio.timeout(_WITHIN):
            while not await self._refuses_the_name():  # noqa: ASYNC110  # it happens in another process
                await asyncio.sleep(0.1)

    async def _refuses_the_name(self) -> bool:
        details = (await self.call())["details"]
        if not self.admin:
            return "SAN" in details
        async with httpx.AsyncClient(trust_env=False) as http:  # Envoy says it to nobody but its operator
            stats = await http.get(f"http://{self.admin}/stats?filter=cluster.echo.ssl.fail_verify_san&format=json")
        return any(stat["value"] > 0 for stat in stats.json()["stats"])


@asynccontextmanager
async def control_plane(identity: Identity) -> AsyncIterator[tuple[AdsServer, str]]:
    """For clients with the name `rating`; and its address."""
    builders = {NODE_CLUSTER: service_host_builder([], identity)}
    ads = AdsServer(grpc_client_builder([], identity), builders, identity=identity, callers={"rating"})
    ads.publish(frozenset())
    port = await ads.start("127.0.0.1:0")
    try:
        yield ads, f"127.0.0.1:{port}"
    finally:
        await ads.stop(0)


@asynccontextmanager
async def served(ads: AdsServer, identity: Identity) -> AsyncIterator[None]:
    """All calls to `echo` go to this process from now on."""
    server = GrpcioServer(probe_methods(), "127.0.0.1:0", identity)
    await server.start()
    port = int(server.address.rpartition(":")[2])
    ads.publish(frozenset({Instance("echo", f"echo-{port}", "127.0.0.1", port)}))
    try:
        yield
    finally:
        await server.drain(0)


@asynccontextmanager
async def calling(kind: str, xds: str, identity: Identity, directory: Path) -> AsyncIterator[Caller]:
    """A gRPC client, or an Envoy in front of one that speaks plain text."""
    if kind == "grpcio":
        async with _started("xds:///echo", xds, str(identity.directory)) as caller:
            yield caller
        return
    address, bootstrap, tls = f"127.0.0.1:{free_port()}", directory / "bootstrap.json", EnvoyTls.written(identity, directory)
    assert tls is not None
    bootstrap.write_text(json.dumps(_forwarding(address, xds, tls)))
    with running(EnvoyServer(directory, bootstrap, address=address, concurrency=1), directory / "envoy.log") as envoy:
        async with _started(address, xds, "") as caller:
            caller.admin = envoy.admin_address
            yield caller


@asynccontextmanager
async def _started(*arguments: str) -> AsyncIterator[Caller]:
    pipe = asyncio.subprocess.PIPE
    argv = [sys.executable, "-m", "tests.integration.control_plane.caller", *arguments]
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe)
    try:
        yield Caller(process)
    finally:
        process.kill()
        await process.wait()


def _forwarding(address: str, xds: str, tls: EnvoyTls) -> dict[str, Any]:
    """An Envoy with the clusters of a hosted service, which sends everything to `echo`."""
    # Whoever waits for Envoy to start keeps the control plane, in the same event loop, from answering.
    source = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0.2s"}
    manager = {
        "@type": f"{EXTENSION}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "forward",
        "route_config": {
            "validate_clusters": False,
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "echo"}}]}],
        },
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{EXTENSION}filters.http.router.v3.Router"}}],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    listener = {"name": "forward", "address": socket_address(address), "filter_chains": [{"filters": filters}]}
    return {
        "node": {"id": "rating-1", "cluster": NODE_CLUSTER, **tls.told_by_node},
        "admin": {"address": socket_address("127.0.0.1:0")},
        "static_resources": {"listeners": [listener], "clusters": [xds_cluster([xds], tls.calling(CONTROL_PLANE))]},
        "dynamic_resources": {"ads_config": ads_config(), "cds_config": source},
    }


async def until_refused(caller: Caller, ads: AdsServer, identity: Identity) -> None:
    """Each time by another instance: a connection stays, whatever becomes of the certificate that it was made with."""
    async with asyncio.timeout(_WITHIN):
        while True:
            async with served(ads, identity):
                if "code" in await caller.call():
                    return


@pytest.mark.parametrize("kind", ["grpcio", "envoy"])
async def test_certificates_are_looked_at_on_both_sides_and_renewed_ones_are_used_without_a_restart(kind: str, tmp_path: Path) -> None:
    made = certificates(tmp_path, "echo", "rating", "stranger", CONTROL_PLANE)
    echo, plane, rating = (made.identity(name) for name in ("echo", CONTROL_PLANE, "rating"))
    async with control_plane(plane) as (ads, xds), calling(kind, xds, rating, tmp_path) as caller:
        async with served(ads, echo):
            assert await caller.until_answered() == {"identity": "rating"}
        async with served(ads, made.identity("stranger")):
            await caller.until_refusing_names()

        certificates(tmp_path, "rating", life=EXPIRED)
        await until_refused(caller, ads, echo)
        certificates(tmp_path, "rating")
        async with served(ads, echo):
            assert await caller.until_answered() == {"identity": "rating"}


@pytest.mark.parametrize(("name", "welcome"), [("rating", True), ("stranger", False)])
async def test_the_control_plane_tells_nothing_to_a_client_without_a_place_in_the_mesh(name: str, welcome: bool, tmp_path: Path) -> None:
    made = certificates(tmp_path, "echo", "rating", "stranger", CONTROL_PLANE)
    async with (
        control_plane(made.identity(CONTROL_PLANE)) as (ads, xds),
        served(ads, made.identity("echo")),
        calling("grpcio", xds, made.identity(name), tmp_path) as caller,
    ):
        answer = await caller.call()
    assert answer.get("identity") == ("rating" if welcome else None), answer
