"""One metadata service for all tests of this folder; each test has movies, people and genres of its own."""

from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio

from mesh.postgres.database import Database
from mesh.server import RunningService
from metadata_service.__main__ import MIGRATIONS
from metadata_service.bootstrap import build
from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceStub
from stack.servers.postgres import PostgresServer
from tests.component.metadata.catalogue import Catalogue
from tests.services import serving


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningService]:
    url = postgres.create_database("metadata_component")
    async with serving("metadata", build, MIGRATIONS, url, tmp_path_factory.mktemp("metadata")) as service:
        yield service


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(running: RunningService) -> AsyncIterator[Database]:
    yield running.foundation.database


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def service(running: RunningService) -> AsyncIterator[Catalogue]:
    async with grpc.aio.insecure_channel(running.address) as channel:
        yield Catalogue(MetadataServiceStub(channel))
