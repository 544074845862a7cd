"""The rating service with a database of each test's own, and the movie context replaced by a fake."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mesh.server import RunningService
from rating_service.__main__ import MIGRATIONS
from rating_service.bootstrap import build
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from reelmesh.rating.v1.review_service_pb2_grpc import ReviewServiceStub
from tests.component.known_movies import KnownMovies, serving_movies
from tests.services import serving, stub_of


@pytest.fixture
def movies() -> KnownMovies:
    return KnownMovies()


@pytest.fixture
async def running(empty_database_url: str, tmp_path: Path, movies: KnownMovies) -> AsyncIterator[RunningService]:
    async with (
        serving_movies(movies) as address,
        serving("rating", build, MIGRATIONS, empty_database_url, tmp_path, dial=lambda context: address) as service,
    ):
        yield service


@pytest.fixture
async def ratings(running: RunningService) -> AsyncIterator[RatingServiceStub]:
    async with stub_of(running.address, RatingServiceStub) as stub:
        yield stub


@pytest.fixture
async def reviews(running: RunningService) -> AsyncIterator[ReviewServiceStub]:
    async with stub_of(running.address, ReviewServiceStub) as stub:
        yield stub
