"""The contract of the platform itself, served by `python -m edge` and accepted by Envoy."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from edge.bootstrap import write_bootstrap
from stack.servers.command import free_port
from stack.servers.envoy import EnvoyServer
from stack.servers.running import running


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    directory = tmp_path_factory.mktemp("platform")
    registry = directory / "registry"
    registry.mkdir()
    xds, address = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    settings = {"REELMESH_REGISTRY_DIR": str(registry), "REELMESH_LISTEN": xds, "REELMESH_EDGE_LISTEN": address}
    log = directory / "edge.log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-m", "edge"], env=os.environ | settings, stdout=output, stderr=output)
    try:
        write_bootstrap(directory / "bootstrap.json", xds_servers=[xds])
        envoy = EnvoyServer(directory, directory / "bootstrap.json", address=address, concurrency=1)
        with running(envoy, directory / "envoy.log"), httpx.Client(base_url=f"http://{address}") as client:
            yield client
        assert "refuses" not in log.read_text()
    finally:
        process.terminate()
        assert process.wait(10) == 0


def answered(http: httpx.Client, method: str, path: str) -> httpx.Response:
    limit = time.monotonic() + 5
    while True:
        try:
            return http.request(method, path)
        except httpx.ConnectError:
            assert time.monotonic() < limit
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/movies/tt0114709", 503),  # there is no instance
        ("GET", "/v1/movies/tt0114709:details", 503),
        ("GET", "/v1/movies:search?query=toy", 503),
        ("GET", "/v1/movies:search?qery=toy", 400),
        ("PUT", "/v1/movies/tt0114709", 405),
        ("OPTIONS", "/v1/movies/tt0114709", 204),
        ("GET", "/v1/nowhere", 404),
    ],
)
def test_the_paths_of_the_contract_lead_to_its_contexts(http: httpx.Client, method: str, path: str, status: int) -> None:
    assert answered(http, method, path).status_code == status
