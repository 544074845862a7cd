"""Each transport in a process of its own, as in production; a test gets the address of one."""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

_PROJECT = Path(__file__).resolve().parents[3]
TRANSPORTS = ("grpcio", "envoy")


@dataclass
class Serving:
    """A server process under test."""

    transport: str
    address: str
    process: subprocess.Popen[bytes]
    log: Path


def serve(transport: str, directory: Path, *more: str, **settings: str) -> Serving:
    file, log = directory / "address", directory / "log"
    environment = {**os.environ, "ADDRESS_FILE": str(file), "PYTHONPATH": str(_PROJECT), **settings}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.contract.transport.serve", transport, *more],
            env=environment,
            cwd=directory,
            stdout=output,
            stderr=output,
        )
    limit = time.monotonic() + 30
    while not (file.exists() and file.read_text()):
        if process.poll() is not None or time.monotonic() > limit:
            process.kill()
            raise AssertionError(f"{transport} did not start: {log.read_text()[-2000:]}")
        time.sleep(0.02)
    return Serving(transport, file.read_text(), process, log)


def end(serving: Serving) -> int:
    serving.process.terminate()
    try:
        return serving.process.wait(15)
    except subprocess.TimeoutExpired:
        serving.process.kill()
        serving.process.wait()
        raise


@pytest.fixture(scope="package", params=TRANSPORTS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    serving = serve(request.param, tmp_path_factory.mktemp(request.param))
    yield serving
    assert end(serving) == 0


@pytest.fixture
async def channel(served: Serving) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(served.address) as channel:
        yield channel
