"""R13, R15 and R16: instances die, fail every call, or answer late, under a client that calls without a pause."""

import signal
import subprocess
import time

import pytest

from mesh.control_plane.rules import NO_RULES, AbortCode, Fault
from tests.integration.control_plane.echo import METHOD
from tests.integration.control_plane.processes import Load, Processes, until

THREE = ("echo-1", "echo-2", "echo-3")
EJECTED_WITHIN = 10.0
READMITTED_WITHIN = 65.0  # the longest ejection, and a little
SHORT = 0.5  # seconds; who is late is later than this
BROKEN, LATE = signal.SIGUSR1, signal.SIGUSR2


def failing_window(load: Load) -> float:
    """Seconds from the first failed call to the last one."""
    load.report()
    return max(load.failed_at) - min(load.failed_at) if load.failed_at else 0.0


def is_left_alone(processes: Processes, instance: str, seconds: float) -> bool:
    before = processes.attempts(instance)
    time.sleep(seconds)
    return processes.attempts(instance) == before


def kill_one(processes: Processes, load: Load, running: dict[str, subprocess.Popen[str]]) -> None:
    running["echo-2"].send_signal(LATE)  # so that calls are under way when it dies
    time.sleep(1)
    running["echo-2"].kill()
    running["echo-2"].wait()
    load.report()
    load.until_answered_by("echo-1", "echo-3", seconds=5)
    time.sleep(0.5)
    load.report()


def test_one_of_three_killed_costs_no_call_and_a_new_one_is_found_soon(processes: Processes) -> None:
    """R13."""
    load, running = processes.meshed(*THREE)
    kill_one(processes, load, running)
    assert failing_window(load) <= 1.0
    assert load.failures == {}
    processes.echo("echo-4")
    processes.until_registered("echo-4")
    assert load.until_answered_by("echo-1", "echo-3", "echo-4", seconds=5) <= 5.0
    assert load.failures == {}


def test_without_retries_a_killed_instance_costs_calls_for_less_than_a_second(processes: Processes) -> None:
    """The negative control of the test before."""
    load, running = processes.meshed(*THREE, without=("--without-retries",))
    kill_one(processes, load, running)
    assert load.failures
    assert failing_window(load) <= 1.0


@pytest.mark.parametrize("trouble", [BROKEN, LATE], ids=lambda value: value.name)
def test_an_instance_that_fails_every_call_is_ejected(processes: Processes, trouble: signal.Signals) -> None:
    """R15; that it is let in again and what it costs in the long run is the slow test's."""
    load, running = processes.meshed(*THREE, deadline=SHORT)
    running["echo-2"].send_signal(trouble)
    until(lambda: is_left_alone(processes, "echo-2", 0.5), EJECTED_WITHIN)
    time.sleep(1.0)  # until the last late call has failed
    load.report()
    failed = len(load.failed_at)
    while load.calls < 1_000:
        time.sleep(0.2)
        assert set(load.report()) == {"echo-1", "echo-3"}
    assert len(load.failed_at) == failed


def test_without_ejection_it_is_called_again_and_again(processes: Processes) -> None:
    """The negative control of the test before."""
    load, running = processes.meshed(*THREE, without=("--without-ejection",))
    running["echo-2"].send_signal(BROKEN)
    with pytest.raises(AssertionError, match="did not come to pass"):
        until(lambda: is_left_alone(processes, "echo-2", 0.5), 4.0)
    load.report()
    assert len(load.failed_at) > 20


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("trouble", [BROKEN, LATE], ids=lambda value: value.name)
def test_999_of_1000_calls_succeed_beside_an_instance_that_fails_every_call(processes: Processes, trouble: signal.Signals) -> None:
    """R15 at full size: five minutes, in which the broken instance is let in and ejected again several times."""
    load, running = processes.meshed(*THREE, deadline=SHORT)
    running["echo-2"].send_signal(trouble)
    until(lambda: is_left_alone(processes, "echo-2", 0.5), EJECTED_WITHIN)
    limit = time.monotonic() + 300
    while time.monotonic() < limit:
        time.sleep(1)
        load.report()
    assert len(load.failed_at) / load.calls <= 0.001, (len(load.failed_at), load.calls)
    running["echo-2"].send_signal(trouble)
    load.until_answered_by(*THREE, seconds=READMITTED_WITHIN)


def all_down(processes: Processes, load: Load, running: dict[str, subprocess.Popen[str]], calls: int) -> float:
    """Attempts for each call while every instance fails all of them."""
    for process in running.values():
        process.send_signal(BROKEN)
    time.sleep(0.5)
    load.report()
    calls_before, attempts_before = load.calls, sum(processes.attempts(name) for name in running)
    while load.calls - calls_before < calls:
        time.sleep(0.1)
        assert load.report() == {}
    return (sum(processes.attempts(name) for name in running) - attempts_before) / (load.calls - calls_before)


@pytest.mark.parametrize("calls", [1_000, pytest.param(50_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_a_backend_that_is_down_is_not_asked_twice_by_everybody(processes: Processes, calls: int) -> None:
    """R16."""
    load, running = processes.meshed(*THREE)
    assert all_down(processes, load, running, calls) <= 1.1
    for process in running.values():
        process.send_signal(BROKEN)
    assert until(lambda: bool(load.report()), 5) <= 5.0


def test_without_a_budget_it_would_be(processes: Processes) -> None:
    """The negative control of the test before."""
    load, running = processes.meshed(*THREE, without=("--without-budget",))
    assert all_down(processes, load, running, 300) > 2.0


def test_a_fault_meets_its_share_of_the_calls_until_it_is_cleared(processes: Processes) -> None:
    load, _ = processes.meshed(*THREE)
    processes.rules.write(NO_RULES.with_fault(METHOD, Fault(abort=AbortCode.RESOURCE_EXHAUSTED, percent=20)))
    until(lambda: bool(load.report()) and bool(load.failures), 5)
    failed, calls = len(load.failed_at), load.calls
    until(lambda: bool(load.report()) and load.calls - calls > 1_000)
    assert 0.15 < (len(load.failed_at) - failed) / (load.calls - calls) < 0.25
    assert set(load.failures) == {"ResourceExhausted: Fault injected"}
    processes.rules.clear()
    time.sleep(1)
    load.report()
    failed = len(load.failed_at)
    load.until_answered_by(*THREE)
    time.sleep(0.5)
    load.report()
    assert len(load.failed_at) == failed
