"""movie_service in this process, with a database of its own; the other contexts are fakes, events are away."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from mesh.server import RunningService
from movie_service.__main__ import MIGRATIONS
from movie_service.bootstrap import build
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from tests.component.movie.neighbours import Neighbours, serving_neighbours
from tests.component.movie.stubs import Movies
from tests.services import serving


@pytest.fixture
def neighbours() -> Neighbours:
    return Neighbours()


@pytest.fixture
async def service(empty_database_url: str, tmp_path: Path, neighbours: Neighbours) -> AsyncIterator[RunningService]:
    async with (
        serving_neighbours(neighbours) as address,
        serving("movie", build, MIGRATIONS, empty_database_url, tmp_path, dial=lambda context: address) as running,
    ):
        yield running


@pytest.fixture
async def movies(service: RunningService) -> AsyncIterator[Movies]:
    async with grpc.aio.insecure_channel(service.address) as channel:
        yield MovieServiceStub(channel)
