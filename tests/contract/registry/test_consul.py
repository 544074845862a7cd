"""What is Consul's own: health checks, agents that forget, tokens and TLS."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mesh.registry.consul.client import connecting
from mesh.registry.consul.registry import ConsulRegistry
from mesh.registry.port import RegistryUnavailable
from mesh.registry.settings import RegistrySettings
from stack.servers.command import Command, free_port
from stack.servers.consul import ConsulServer
from tests.contract.registry.certificates import make_certificates
from tests.contract.registry.conftest import Alive
from tests.contract.registry.watching import watching
from tests.contract.registry.worlds import ConsulWorld
from tests.servers import Killable
from tests.tools import required_tool

MANAGEMENT = "00000000-0000-0000-0000-00000000cafe"


@contextmanager
def started(server: ConsulServer, directory: Path) -> Iterator[Killable]:
    killable = Killable(server, directory / "log")
    killable.start()
    try:
        yield killable
    finally:
        killable.kill()


async def test_an_instance_that_does_not_serve_is_left_out_until_it_does(consul: ConsulWorld, alive: Alive) -> None:
    registration = await consul.registry().register(alive("movie-1"))
    async with watching(consul.registry()) as watch:
        await watch.until("movie-1")
        await alive.set_serving(False)
        await watch.until(seconds=10)
        await alive.set_serving(True)
        await watch.until("movie-1", seconds=10)
    await registration.deregister()


async def test_an_agent_that_forgets_is_told_again_and_nobody_was_gone(consul: ConsulWorld, alive: Alive) -> None:
    registrations = [await consul.registry().register(alive(name)) for name in ("movie-1", "movie-2", "rating-1")]
    async with watching(consul.registry()) as watch:
        await watch.until("movie-1", "movie-2", "rating-1")
        with consul.away():
            await asyncio.sleep(0.2)
        async with asyncio.timeout(10):
            while len(await consul.registry().snapshot()) != 3:  # noqa: ASYNC110  # nothing tells when the agent knows
                await asyncio.sleep(0.05)
        registrations.append(await consul.registry().register(alive("movie-3")))
        await watch.until("movie-1", "movie-2", "movie-3", "rating-1", seconds=10)
        assert all({"movie-1", "movie-2", "rating-1"} <= view for view in watch.views)
    for registration in registrations:
        await registration.deregister()


async def test_without_the_grace_they_would_have_been(consul: ConsulWorld, alive: Alive) -> None:
    """The negative control of the test before."""
    registration = await consul.registry(keep=3.0).register(alive("movie-1"))
    async with watching(consul.registry(grace=0.0)) as watch:
        await watch.until("movie-1")
        with consul.away():
            await asyncio.sleep(0.2)
        await watch.until(seconds=10)
    await registration.deregister()


async def test_after_the_grace_those_that_did_not_come_back_are_gone(consul: ConsulWorld, alive: Alive) -> None:
    registration = await consul.registry(keep=60.0).register(alive("movie-1"))
    async with watching(consul.registry(grace=1.0)) as watch:
        await watch.until("movie-1")
        with consul.away():
            await asyncio.sleep(0.2)
        began = time.monotonic()
        await watch.until(seconds=10)
        assert time.monotonic() - began > 0.9
    await registration.deregister()


async def test_a_watch_that_begins_beside_an_agent_that_forgot_waits_until_services_are_there_again(
    consul: ConsulWorld, alive: Alive
) -> None:
    registration = await consul.registry(keep=0.5).register(alive("movie-1"))
    with consul.away():
        await asyncio.sleep(0.2)
    settling = ConsulRegistry(connecting(consul.settings), consul.settings.consul_prefix, settle=2.0)
    async with watching(settling) as watch, watching(consul.registry()) as hasty:
        await watch.until("movie-1", seconds=10)
        assert watch.views == [{"movie-1"}]
        assert hasty.views[0] == set(), "the negative control: it has nothing to wait for"
    await registration.deregister()


async def test_while_it_is_away_nobody_registers_and_who_leaves_says_that_nobody_was_told(consul: ConsulWorld, alive: Alive) -> None:
    registration = await consul.registry().register(alive("movie-1"))
    with consul.away():
        with pytest.raises(RegistryUnavailable, match="cannot be registered"):
            await consul.registry().register(alive("movie-2"))
        with pytest.raises(RegistryUnavailable, match="stays registered until its check fails"):
            await registration.deregister()
        await registration.deregister()  # it has left, whoever knows


class Remembering(ConsulServer):
    """Keeps what it knows in its folder, as agents elsewhere do."""

    def command(self) -> Command:
        command = super().command()
        return replace(command, argv=tuple(argument for argument in command.argv if argument != "-dev"))


async def test_an_agent_that_starts_again_with_its_memory_takes_nobody_out(tmp_path: Path, alive: Alive) -> None:
    required_tool("consul")
    memory = {"server": True, "bootstrap": True, "data_dir": str(tmp_path / "memory"), "performance": {"raft_multiplier": 1}}
    server = Remembering(tmp_path / "consul", further=memory)
    with started(server, tmp_path) as killable:
        world = ConsulWorld(server, killable)
        registration = await world.registry(keep=60.0).register(alive("movie-1"))
        async with watching(world.registry(grace=2.0)) as watch:  # until it has its memory and a leader again
            await watch.until("movie-1")
            with world.away():
                await asyncio.sleep(0.2)
            await asyncio.sleep(4)
            assert watch.views == [{"movie-1"}]
        await registration.deregister()


POLICY = 'service_prefix "reelmesh-" { policy = "write" } node_prefix "" { policy = "read" }'


async def test_the_documented_policy_is_enough_and_without_a_token_nothing_is_said(tmp_path: Path, alive: Alive) -> None:
    acl = {"enabled": True, "default_policy": "deny", "tokens": {"initial_management": MANAGEMENT, "agent": MANAGEMENT}}
    required_tool("consul")
    server = ConsulServer(tmp_path / "consul", further={"acl": acl})
    with started(server, tmp_path) as killable:
        await asyncio.to_thread(_put, server, "acl/policy", {"Name": "reelmesh", "Rules": POLICY})
        token = (await asyncio.to_thread(_put, server, "acl/token", {"Policies": [{"Name": "reelmesh"}]}))["SecretID"]
        named = RegistrySettings(registry="consul", consul_addr=server.address, consul_token=token)
        nameless = RegistrySettings(registry="consul", consul_addr=server.address)
        world, without = ConsulWorld(server, killable, named), ConsulWorld(server, killable, nameless)
        with pytest.raises(RegistryUnavailable, match="Permission denied"):
            await without.registry().register(alive("movie-1"))
        registration = await world.registry().register(alive("movie-1"))
        async with watching(world.registry()) as watch:
            await watch.until("movie-1")
            await asyncio.sleep(0.5)  # the registration is asked for, too
            await registration.deregister()
            await watch.until()


def _put(server: ConsulServer, path: str, body: Mapping[str, object]) -> dict[str, Any]:
    url, headers = f"http://{server.address}/v1/{path}", {"X-Consul-Token": MANAGEMENT}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="PUT")
    with urllib.request.urlopen(request, timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


async def test_over_tls_both_sides_show_who_they_are(tmp_path: Path, alive: Alive) -> None:
    files, port = make_certificates(tmp_path / "certificates"), free_port()
    https = {"ca_file": str(files.ca), "cert_file": str(files.certificate), "key_file": str(files.key), "verify_incoming": True}
    required_tool("consul")
    server = ConsulServer(tmp_path / "consul", https_port=port, further={"tls": {"https": https}})
    with started(server, tmp_path) as killable:
        secure: dict[str, Any] = {"registry": "consul", "consul_addr": f"https://127.0.0.1:{port}"}
        ours: dict[str, Any] = {"consul_cert_file": files.certificate, "consul_key_file": files.key}
        world = ConsulWorld(server, killable, RegistrySettings(**secure, **ours, consul_ca_file=files.ca))
        registration = await world.registry().register(alive("movie-1"))
        assert len(await world.registry().snapshot()) == 1
        await registration.deregister()
        for wrong in (RegistrySettings(**secure, **ours), RegistrySettings(**secure, consul_ca_file=files.ca)):
            with pytest.raises(RegistryUnavailable):
                await ConsulWorld(server, killable, wrong).registry().snapshot()


@pytest.mark.slow
async def test_a_dead_instance_is_forgotten_by_consul_itself(consul: ConsulWorld, alive: Alive) -> None:
    registration = await consul.registry(keep=600.0).register(alive("movie-1"))
    await alive.set_serving(False)
    url = f"http://{consul.settings.consul_addr}/v1/agent/services"

    def known() -> bool:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return f"{consul.settings.consul_prefix}movie-1" in json.load(answer)

    assert known()
    async with asyncio.timeout(240):
        while await asyncio.to_thread(known):  # noqa: ASYNC110  # nothing tells when the agent forgets
            await asyncio.sleep(1)
    await registration.deregister()
