"""What a client refuses does not take away what it has, and a second control plane does not take half of the first one's clients."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment

from mesh.control_plane.ads import AdsServer
from mesh.control_plane.endpoints import context_endpoints
from mesh.control_plane.resources import EDS, Resources, resource
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.control_plane.view import View
from mesh.registry.local import LocalRegistry
from mesh.registry.port import Instance
from tests.integration.control_plane.processes import Load, Processes
from tests.unit.control_plane.methods import SampleMethod

METHODS = [SampleMethod("/test.Echo/Get", "echo")]


def broken(instances: frozenset[Instance]) -> Resources:
    """gRPC refuses a locality that is listed twice."""
    good = context_endpoints("echo", instances, {})
    twice = ClusterLoadAssignment(cluster_name="echo", endpoints=[*good.endpoints, *good.endpoints])
    return Resources(endpoints=[resource(twice)])


class Switch:
    def __init__(self) -> None:
        self.broken = False

    def __call__(self, view: View) -> Resources:
        good = grpc_client_builder(METHODS)(view)
        if not self.broken:
            return good
        mixed = broken(view.instances)
        mixed._by_type = {**good._by_type, EDS: mixed._by_type[EDS]}
        return mixed


async def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 15
    while not await asyncio.to_thread(condition):  # what is waited for happens in other processes
        assert time.monotonic() < limit, "it did not come to pass"
        await asyncio.sleep(0.1)


async def test_refused_endpoints_are_counted_and_calls_go_on_with_the_old_ones(tmp_path: Path) -> None:
    build = Switch()
    ads = AdsServer(build)
    port = await ads.start("127.0.0.1:0")
    processes = Processes(tmp_path)
    try:
        processes.echo("echo-1")
        await asyncio.to_thread(processes.until_registered, "echo-1")
        instances = await LocalRegistry(tmp_path / "registry").snapshot()
        ads.publish(instances)
        load = Load(processes.start("load", f"127.0.0.1:{port}"))
        await until(lambda: "echo-1" in load.report())
        build.broken = True
        ads.publish(instances)
        await until(lambda: bool(ads.counts.refused))
        assert ads.counts.refused == {EDS: 1}
        await asyncio.to_thread(load.report)
        await until(lambda: load.report().get("echo-1", 0) > 10)
        assert load.failures == {}
    finally:
        processes.end()
        await ads.stop()


async def test_a_second_control_plane_on_the_same_port_does_not_start() -> None:
    first, second = AdsServer(grpc_client_builder(METHODS)), AdsServer(grpc_client_builder(METHODS))
    port = await first.start("127.0.0.1:0")
    with pytest.raises(RuntimeError):
        await second.start(f"127.0.0.1:{port}")
    await first.stop()


async def test_resources_that_cannot_be_built_leave_the_last_ones() -> None:
    def build(view: View) -> Resources:
        if view.instances:
            raise ValueError("not these")
        return grpc_client_builder(METHODS)(view)

    ads = AdsServer(build)
    ads.publish(frozenset())
    before = ads.versions()[""]
    ads.publish(frozenset([Instance("echo", "echo-1", "127.0.0.1", 1)]))
    assert ads.versions()[""] == before
