"""Lists of users: `python -m bench.library [--rounds 60] [--json FILE]`.

What a page of 50 entries with cards costs in calls to the movie context, and what it costs to move an entry in playlists of 100 and of
10,000 entries. The library service is in this process, on a PostgreSQL of its own; the movie context is a server that has its answers
ready and counts the calls. Moves are taken in turn, so that a noisy minute hits both playlists alike.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc

from bench.measuring import Figure, show
from library_service.__main__ import MIGRATIONS
from library_service.application import playlist_commands as commands
from library_service.application.ports import Added
from library_service.bootstrap import build
from library_service.domain.movies import KnownMovie
from library_service.domain.playlists import MOST_ENTRIES, Playlist, Visibility
from library_service.infrastructure.events.encode import encode
from library_service.infrastructure.postgres.unit_of_work import LibraryUnitOfWork
from mesh.postgres.database import Database
from mesh.postgres.migrations import migrate
from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from mesh.settings import Settings
from reelmesh.library.v1.playlist_service_pb2 import ListPlaylistEntriesRequest
from reelmesh.library.v1.playlist_service_pb2_grpc import PlaylistServiceStub
from reelmesh.movie.v1.movie_pb2 import MovieCard
from reelmesh.movie.v1.movie_service_pb2 import BatchGetMovieCardsRequest, BatchGetMovieCardsResponse
from stack.servers.postgres import PostgresServer
from stack.servers.running import running

_USER = "reader"
_SHORT, _LONG, _PAGE = 100, MOST_ENTRIES, 50
_MOVES_AT_ONCE = 20  # of one playlist in a turn
_CARDS = "BatchGetMovieCards"
_ANALYZE = text_statement("ANALYZE playlist_entries, playlists")
_DEALT = text_statement("SELECT deal_count FROM playlists WHERE playlist_id = %(playlist)s")


class Counting:
    """A movie context that knows every movie."""

    def __init__(self) -> None:
        self.calls = 0

    async def cards(self, request: BatchGetMovieCardsRequest, context: Any) -> BatchGetMovieCardsResponse:
        self.calls += 1
        return BatchGetMovieCardsResponse(cards=[MovieCard(name=name, title=f"Film {name}", release_year=2000) for name in request.names])


@asynccontextmanager
async def serving_movies(movies: Counting) -> AsyncIterator[str]:
    server = grpc.aio.server()
    method = grpc.unary_unary_rpc_method_handler(
        movies.cards, BatchGetMovieCardsRequest.FromString, BatchGetMovieCardsResponse.SerializeToString
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("reelmesh.movie.v1.MovieService", {_CARDS: method}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


async def fill(database: Database, size: int) -> str:
    """A public playlist of that many movies; its id."""
    now, playlist_id = datetime.now(UTC), f"of-{size}"
    playlist = Playlist(
        user=_USER,
        playlist=playlist_id,
        title=playlist_id,
        description="",
        visibility=Visibility.PUBLIC,
        create_time=now,
        update_time=now,
    )
    async with LibraryUnitOfWork(database, encode) as uow:
        await commands.create_playlist(uow, playlist)
        await commands.append_to_playlist(uow, _USER, playlist_id, [Added(KnownMovie(f"m{number}"), now) for number in range(size)])
        await uow.commit()
    await database.execute(_ANALYZE)  # as PostgreSQL does by itself within a minute
    return playlist_id


async def move(database: Database, playlist_id: str, movie: str, after: str) -> None:
    async with LibraryUnitOfWork(database, encode) as uow:
        await commands.move_entry(uow, _USER, playlist_id, movie, after)
        await uow.commit()


async def timed(work: Awaitable[object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    await work
    return (time.perf_counter() - began) * 1e3


async def measure_moves(database: Database, rounds: int) -> list[Figure]:
    """At random, and all to one place, which is what uses up the room between ranks."""
    chosen = random.Random(7)
    sizes = {size: await fill(database, size) for size in (_SHORT, _LONG)}
    spent: dict[tuple[int, str], list[float]] = {}
    for _ in range(rounds):
        for size, playlist_id in sizes.items():
            for _ in range(_MOVES_AT_ONCE):
                movie, after = (f"m{number}" for number in chosen.sample(range(size), 2))
                one = await timed(move(database, playlist_id, movie, after))
                spent.setdefault((size, "anywhere"), []).append(one)
                movie = f"m{chosen.randrange(2, size)}"
                one = await timed(move(database, playlist_id, movie, "m0"))
                spent.setdefault((size, "to one place"), []).append(one)
    figures = []
    for place in ("anywhere", "to one place"):
        short, long = (spent[size, place] for size in (_SHORT, _LONG))
        figures += [
            Figure(f"move {place}, {_SHORT} entries: median", statistics.median(short), "ms"),
            Figure(f"move {place}, {_LONG:,} entries: median", statistics.median(long), "ms"),
            Figure(
                f"move {place}: {_LONG:,} entries against {_SHORT}", statistics.median(long) / statistics.median(short), "×", at_most=1.5
            ),
        ]
    row = await database.fetch_one(_DEALT, playlist=sizes[_LONG])
    dealt = int(row[0]) if row else 0
    return [
        *figures,
        Figure(f"move to one place, {_LONG:,} entries: mean, dealing ranks included", statistics.mean(spent[_LONG, "to one place"]), "ms"),
        Figure(f"ranks of {_LONG:,} entries dealt anew", dealt, f"times in {len(spent[_LONG, 'to one place'])} moves to one place"),
    ]


async def measure_pages(service: RunningService, movies: Counting, rounds: int) -> list[Figure]:
    """Pages in the middle of the long playlist, through gRPC."""
    async with grpc.aio.insecure_channel(service.address) as channel:
        stub: Any = PlaylistServiceStub(channel)
        parent = f"users/{_USER}/playlists/of-{_LONG}"
        first = await stub.ListPlaylistEntries(ListPlaylistEntriesRequest(parent=parent, page_size=_LONG // 10))
        page = ListPlaylistEntriesRequest(parent=parent, page_size=_PAGE, page_token=first.next_page_token)
        movies.calls = 0
        spent = [await timed(stub.ListPlaylistEntries(page)) for _ in range(rounds)]
        answer = await stub.ListPlaylistEntries(page)
    if len(answer.entries) != _PAGE or answer.unavailable_parts or not all(entry.card.title.startswith("Film") for entry in answer.entries):
        raise SystemExit(f"the page has {len(answer.entries)} entries and lacks {list(answer.unavailable_parts)}")
    return [
        Figure(f"page of {_PAGE} entries: calls to the movie context", movies.calls / (rounds + 1), "a page", at_most=1),
        Figure(f"page of {_PAGE} entries with cards: median", statistics.median(spent), "ms"),
    ]


async def measure(url: str, rounds: int) -> list[Figure]:
    movies = Counting()
    settings = Settings(database_url=url, nats_url="nats://127.0.0.1:9", instance_id="library-bench", drain_seconds=0.1)
    async with serving_movies(movies) as address:
        service = RunningService("library", build, settings, dial=lambda _: address)
        await service.start()
        try:
            moves = await measure_moves(service.foundation.database, rounds)
            return [*await measure_pages(service, movies, rounds), *moves]
        finally:
            await service.drain()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-library-") as directory:
        server = PostgresServer(Path(directory), durable=False)
        with running(server, Path(directory) / "server.log"):
            url = server.create_database("library")
            migrate(url, MIGRATIONS)
            figures = asyncio.run(measure(url, options.rounds))
    show("Lists of users", figures, options.json)


if __name__ == "__main__":
    main()
