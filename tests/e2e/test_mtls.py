"""A whole stack whose processes show each other certificates: everything else is as ever, and certificates change while it runs."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import psutil
import pytest

from mesh.tls.grpc_credentials import dialled
from mesh.tls.identity import Identity
from mesh.tls.settings import OPERATOR
from reelmesh.rating.v1 import rating_service_pb2 as rating
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from stack.channels import channels_to
from stack.health import check_health, grpc_serving
from stack.mesh_view import ask_control_planes
from stack.whole import WholeStack
from tests.e2e.conftest import leaving_nothing
from tests.e2e.test_readme import take_the_tour
from tests.e2e.test_rolling_restart import restarted, under_load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_LIFE = 10  # seconds of a certificate
_LIVES = 3


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, transport: str) -> Iterator[WholeStack]:
    """With demo data; two processes of those contexts that are restarted."""
    replicas = [part for context in ("movie", "rating", "metadata") for part in ("--replicas", f"{context}=2")]
    arguments = ("--transport", transport, "--mtls", "--certificate-life", str(_LIFE), *replicas)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REELMESH_RECOMMENDER_GATE_TOLERANCE", "1")
        with leaving_nothing(tmp_path_factory.mktemp("guarded") / "data", *arguments, demo=True) as running:
            yield running


def test_the_tour_of_the_readme_is_true_with_certificates_too(guarded: WholeStack, tmp_path: Path) -> None:
    take_the_tour(guarded, tmp_path)


def test_operators_reach_every_process(guarded: WholeStack) -> None:
    assert set(check_health(guarded.directory, guarded.state.processes)) == {"healthy"}
    for arguments in (
        ["loglevel", "rating", "INFO"],
        ["mesh"],
        ["call", "--address", guarded.process("movie-1").address, "MovieService.ListMovies"],
    ):
        argv = [sys.executable, "-m", "stack", *arguments, "--data-dir", str(guarded.directory.path)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stderr
    with httpx.Client(timeout=10, trust_env=False) as http:
        assert http.get(f"{guarded.edge}/readyz").json()["status"] == "ok"
        for target in http.get(guarded.state.urls["targets"]).json():
            path = target["labels"].get("__metrics_path__", "/metrics")
            assert http.get(f"http://{target['targets'][0]}{path}").status_code == 200


def test_nobody_is_served_in_plain_text_behind_the_edge(guarded: WholeStack) -> None:
    for process in guarded.state.processes:
        if process.kind in ("service", "control-plane"):
            with grpc.insecure_channel(process.address) as channel, pytest.raises(grpc.FutureTimeoutError):
                grpc.channel_ready_future(channel).result(timeout=1)


def clients_of_the_mesh(stack: WholeStack) -> int:
    planes = ask_control_planes(stack.directory, stack.state.processes, whole=False)
    return sum(plane.mesh.client_count for plane in planes if plane.mesh is not None)


class NewConnections:
    """Calls to a rating service by an operator, each on a connection of its own, until it is told to end."""

    def __init__(self, stack: WholeStack) -> None:
        self._stack, self._identity = stack, Identity(stack.directory.certificates / OPERATOR)
        self._running = True
        self.outcomes: Counter[str] = Counter()

    async def call(self) -> None:
        while self._running:
            async with dialled(self._stack.process("rating-2").address, "rating", self._identity) as channel:
                request = rating.GetRatingSummaryRequest(name="movies/tt0114709/ratingSummary")
                try:
                    await RatingServiceStub(channel).GetRatingSummary(request, timeout=5)
                    self.outcomes["answered"] += 1
                except grpc.aio.AioRpcError as error:
                    self.outcomes[f"{error.code().name} {error.details()}"] += 1
            await asyncio.sleep(0.05)

    def end(self) -> None:
        self._running = False


async def test_no_call_fails_while_certificates_are_renewed_under_load(guarded: WholeStack) -> None:
    """Long connections and new ones, services that come back and connect to those that are there."""
    began, connections = time.monotonic(), NewConnections(guarded)
    async with under_load(guarded) as load:
        connecting = asyncio.create_task(connections.call())
        for name in ("movie-1", "metadata-1", "rating-1"):
            await restarted(guarded, name)
        await asyncio.sleep(max(0.0, began + _LIVES * _LIFE - time.monotonic()))
        clients = await asyncio.to_thread(clients_of_the_mesh, guarded)
        await restarted(guarded, "control-plane")
        async with asyncio.timeout(60):
            while await asyncio.to_thread(clients_of_the_mesh, guarded) < clients:  # noqa: ASYNC110  # it happens in other processes
                await asyncio.sleep(0.2)
        await restarted(guarded, "rating-1")  # of which they hear on their new connections
        connections.end()
        await connecting
    assert load.failures == {}
    assert set(connections.outcomes) == {"answered"}, connections.outcomes
    assert connections.outcomes["answered"] > 20


async def test_calls_do_fail_when_nobody_renews_them(guarded: WholeStack) -> None:
    """The control of the test above: the supervisor stands still for longer than a certificate lasts."""
    address = guarded.process("rating-2").address
    supervisor = psutil.Process(guarded.pid)
    assert grpc_serving(address, channels_to(guarded.directory, guarded.state.processes))
    os.kill(supervisor.pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(_LIFE + 2)
        connections = NewConnections(guarded)
        connecting = asyncio.create_task(connections.call())
        await asyncio.sleep(3)
        connections.end()
        await connecting
        assert "answered" not in connections.outcomes
        assert connections.outcomes
    finally:
        os.kill(supervisor.pid, signal.SIGCONT)
