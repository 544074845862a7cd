"""The search endpoint over a database that holds the demo catalogue, made once: searching changes nothing."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mesh.call import ANONYMOUS, Call, Deadline, TraceContext
from mesh.postgres.database import Database
from mesh.postgres.migrations import migrate
from movie_service.__main__ import MIGRATIONS
from movie_service.infrastructure.grpc.search import SearchEndpoint
from movie_service.infrastructure.search.index import PostgresIndex
from movie_service.infrastructure.search.projection import project
from reelmesh.movie.v1.movie_service_pb2 import SearchMoviesRequest, SearchMoviesResponse
from stack.servers.postgres import PostgresServer
from tests.component.movie_search import films

CALL = Call("/reelmesh.movie.v1.MovieService/SearchMovies", ANONYMOUS, Deadline.after(3_600), (), TraceContext("", ""))


class Search:
    """The endpoint, called with the fields of its request."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._endpoint = SearchEndpoint(PostgresIndex(database))

    async def __call__(self, request: SearchMoviesRequest | str = "", /) -> SearchMoviesResponse:
        request = SearchMoviesRequest(query=request) if isinstance(request, str) else request
        return await self._endpoint.SearchMovies(request, CALL)

    async def titles(self, request: SearchMoviesRequest | str = "", /) -> list[str]:
        return [result.movie.title for result in (await self(request)).results]


@pytest.fixture(scope="session")
def catalogue_url(postgres: PostgresServer) -> str:
    url = postgres.create_database("movie_search_catalogue")
    migrate(url, MIGRATIONS)
    asyncio.run(_fill(url))
    return url


async def _fill(url: str) -> None:
    database = Database(url)
    await database.open()
    events = list(films.events())
    for start in range(0, len(events), 200):
        async with database.transaction() as transaction:
            await project(transaction, events[start : start + 200])
    await database.close()


@pytest.fixture
async def search(catalogue_url: str) -> AsyncIterator[Search]:
    database = Database(catalogue_url)
    await database.open()
    yield Search(database)
    await database.close()


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[Search]:
    """Over an index of the test's own."""
    migrate(empty_database_url, MIGRATIONS)
    database = Database(empty_database_url)
    await database.open()
    yield Search(database)
    await database.close()
