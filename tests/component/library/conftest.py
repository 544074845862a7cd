"""The library service with a database of each test's own, and the movie context replaced by a fake."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from library_service.__main__ import MIGRATIONS
from library_service.bootstrap import build
from mesh.server import RunningService
from tests.component.library.calling import Library
from tests.component.library.movies import KnownMovies, serving_movies
from tests.services import serving


@pytest.fixture
def movies() -> KnownMovies:
    return KnownMovies()


@pytest.fixture
async def running(empty_database_url: str, tmp_path: Path, movies: KnownMovies) -> AsyncIterator[RunningService]:
    async with (
        serving_movies(movies) as address,
        serving("library", build, MIGRATIONS, empty_database_url, tmp_path, dial=lambda context: address) as service,
    ):
        yield service


@pytest.fixture
async def library(running: RunningService) -> AsyncIterator[Any]:
    """A Library; a stub's methods have no types that are known before it is made."""
    async with grpc.aio.insecure_channel(running.address) as channel:
        yield Library(channel)
