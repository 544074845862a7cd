"""The recommender with a database of each test's own; what other contexts tell is projected without a NATS between."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from mesh.server import Foundation, RunningService, Service
from recommender_service.__main__ import MIGRATIONS
from recommender_service.bootstrap import build_with
from recommender_service.infrastructure.settings import RecommenderSettings
from reelmesh.recommender.v1.model_service_pb2_grpc import ModelServiceStub
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from tests.component.recommender.telling import Telling
from tests.services import serving, stub_of


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
async def running(empty_database_url: str, tmp_path: Path, models_dir: Path) -> AsyncIterator[RunningService]:
    def build(foundation: Foundation) -> Service:
        return build_with(foundation, RecommenderSettings(models_dir=models_dir))

    async with serving("recommender", build, MIGRATIONS, empty_database_url, tmp_path) as service:
        yield service


@pytest.fixture
async def replicas(empty_database_url: str, tmp_path: Path, models_dir: Path) -> AsyncIterator[list[RunningService]]:
    """Two of them."""

    def build(foundation: Foundation) -> Service:
        return build_with(foundation, RecommenderSettings(models_dir=models_dir))

    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving("recommender", build, MIGRATIONS, empty_database_url, tmp_path)) for _ in range(2)]


@pytest.fixture
def tell(running: RunningService) -> Telling:
    return Telling(running.foundation.database)


@pytest.fixture
async def recommender(running: RunningService) -> AsyncIterator[Any]:
    async with stub_of(running.address, RecommenderServiceStub) as stub:
        yield stub


@pytest.fixture
async def models(running: RunningService) -> AsyncIterator[Any]:
    async with stub_of(running.address, ModelServiceStub) as stub:
        yield stub
