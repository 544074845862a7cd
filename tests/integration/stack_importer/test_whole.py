"""The command against a whole stack: killed, interrupted, run again, and what the platform then answers."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from reelmesh.rating.v1.rating_service_pb2 import GetRatingSummaryRequest
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from stack.whole import WholeStack, whole_stack
from tests.unit.stack_importer.datasets import CSV, written

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

USERS = 60_000
_HEADER = b"userId,movieId,rating,timestamp\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeStack]:
    with whole_stack(tmp_path_factory.mktemp("stack") / "data", demo=True) as running:
        yield running


def _command(stack: WholeStack, path: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "stack", "import", "movielens", str(path), "--data-dir", str(stack.directory.path), "--json"]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _stopped_with(number: int, stack: WholeStack, path: Path) -> tuple[int, str]:
    """Once ratings are on their way."""
    with _command(stack, path) as process:
        assert process.stderr is not None
        told = ""
        while "ratings 10 %" not in told and process.poll() is None:
            told += process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(number)
        _, rest = process.communicate()
    return process.returncode, told + rest


def test_an_import_that_was_interrupted_and_killed_is_whole_in_the_end(stack: WholeStack, tmp_path: Path) -> None:
    ratings = _HEADER + b"".join(b"%d,1,%d,%d\n" % (user, 3 + user % 2, user) for user in range(1, USERS + 1))
    path = written(tmp_path / "many", CSV, ratings=ratings)

    code, told = _stopped_with(signal.SIGINT, stack, path)
    assert (code, told.splitlines()[-1]) == (130, "reelmesh: interrupted; the same command goes on where it stopped")
    code, _ = _stopped_with(signal.SIGKILL, stack, path)
    assert code == -signal.SIGKILL
    with _command(stack, path) as process:
        output, told = process.communicate()
    summary: dict[str, Any] = json.loads(output)

    assert process.returncode == 0, told
    assert summary["resumed"]
    assert summary["ratings"]["read"] == USERS
    with grpc.insecure_channel(stack.edge_address) as channel:
        answer = RatingServiceStub(channel).GetRatingSummary(GetRatingSummaryRequest(name="movies/tt0114709/ratingSummary"), timeout=5)
    assert (answer.summary.count, answer.summary.mean) == (USERS, 3.5)  # none of the demo's among them
