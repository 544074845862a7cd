"""Instances come, leave and are killed while a client calls without a pause, and no call fails; so do control planes."""

import signal
import time

import pytest

from mesh.control_plane.rules import NO_RULES
from stack.servers.command import free_port
from tests.integration.control_plane.processes import Load, Processes, until


def test_endpoints_change_and_an_instance_is_killed_without_a_failed_call(processes: Processes) -> None:
    port = free_port()
    processes.plane(port)
    first, second = processes.echo("echo-1"), processes.echo("echo-2")
    load = processes.load(f"127.0.0.1:{port}")
    load.until_answered_by("echo-1", "echo-2")
    processes.echo("echo-3")
    load.until_answered_by("echo-1", "echo-2", "echo-3")
    first.send_signal(signal.SIGTERM)
    assert first.wait(10) == 0
    load.until_answered_by("echo-2", "echo-3")
    second.kill()
    load.until_answered_by("echo-3")
    processes.echo("echo-1")
    load.until_answered_by("echo-1", "echo-3")
    assert load.failures == {}
    assert load.calls > 500


def test_calls_go_on_while_the_control_plane_is_away_and_follow_it_when_it_is_back(processes: Processes) -> None:
    port = free_port()
    plane = processes.plane(port)
    processes.echo("echo-1")
    load = processes.load(f"127.0.0.1:{port}")
    load.until_answered_by("echo-1")
    plane.kill()
    plane.wait()
    time.sleep(2)
    load.until_answered_by("echo-1")
    processes.echo("echo-2")
    processes.plane(port)
    load.until_answered_by("echo-1", "echo-2")
    assert load.failures == {}


def test_of_two_control_planes_either_may_be_away_and_changes_still_arrive(processes: Processes) -> None:
    ports = [free_port(), free_port()]
    second = processes.plane(ports[1])
    processes.echo("echo-1")
    load = processes.load(",".join(f"127.0.0.1:{port}" for port in ports))
    load.until_answered_by("echo-1")
    first = processes.plane(ports[0])
    second.kill()
    second.wait()
    processes.echo("echo-2")
    load.until_answered_by("echo-1", "echo-2")
    processes.plane(ports[1])
    first.kill()
    first.wait()
    processes.echo("echo-3")
    load.until_answered_by("echo-1", "echo-2", "echo-3")
    assert load.failures == {}


def test_with_one_control_plane_alone_nothing_arrives_while_it_is_away(processes: Processes) -> None:
    """The negative control of the test before."""
    port = free_port()
    plane = processes.plane(port)
    processes.echo("echo-1")
    load = processes.load(f"127.0.0.1:{port}")
    load.until_answered_by("echo-1")
    plane.kill()
    plane.wait()
    processes.echo("echo-2")
    processes.until_registered("echo-2")
    with pytest.raises(AssertionError, match="did not come to pass"):
        load.until_answered_by("echo-1", "echo-2", seconds=3)


def test_a_client_prefers_its_zone_as_long_as_it_has_an_instance(processes: Processes) -> None:
    port = free_port()
    processes.plane(port)
    near = processes.echo("echo-near", "a")
    processes.echo("echo-far", "b")
    load = processes.load(f"127.0.0.1:{port}", "--zone=a")
    nowhere = processes.load(f"127.0.0.1:{port}", "--zone=c")
    load.until_answered_by("echo-near")
    nowhere.until_answered_by("echo-far", "echo-near")
    near.kill()
    load.until_answered_by("echo-far")
    processes.echo("echo-new", "a")
    load.until_answered_by("echo-new")
    assert load.failures == nowhere.failures == {}


def test_a_canary_gets_its_share_until_it_is_called_off(processes: Processes) -> None:
    port = free_port()
    processes.plane(port)
    for number in (1, 2):
        processes.echo(f"echo-{number}", "local", "v1")
    processes.echo("echo-new", "local", "v2")
    load = processes.load(f"127.0.0.1:{port}")
    load.until_answered_by("echo-1", "echo-2", "echo-new")
    assert 0.25 < share(load, "echo-new", 1_000) < 0.42
    processes.rules.write(NO_RULES.with_canary("echo", {"v2": 10}))
    until(lambda: share(load, "echo-new", 200) < 0.2)
    assert 0.08 < share(load, "echo-new", 2_000) < 0.12
    processes.rules.write(NO_RULES.with_canary("echo", {"v2": 0}))
    load.until_answered_by("echo-1", "echo-2")
    processes.rules.clear()
    until(lambda: share(load, "echo-new", 200) > 0.25)
    assert load.failures == {}


def share(load: Load, instance: str, calls: int) -> float:
    """Of the next so many answers."""
    load.report()
    found: dict[str, int] = {}
    while sum(found.values()) < calls:
        time.sleep(0.1)
        for name, count in load.report().items():
            found[name] = found.get(name, 0) + count
    return found.get(instance, 0) / sum(found.values())
