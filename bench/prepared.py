"""`reelmesh up` on an empty directory, with the demo catalogue unless it is not wanted, as the benchmarks of calls need it."""

import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import psycopg

from bench.collector import Collector, collecting
from bench.load import Target
from reelmesh.movie.v1.movie_service_pb2 import GetMovieDetailsRequest, GetMovieDetailsResponse, GetMovieRequest, ListMoviesRequest
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub
from stack.servers.postgres import PostgresServer
from stack.whole import WholeStack, whole_stack

GET_MOVIE = "/reelmesh.movie.v1.MovieService/GetMovie"
GET_DETAILS = "/reelmesh.movie.v1.MovieService/GetMovieDetails"
CONTEXTS = ("movie", "rating", "metadata", "recommender")
_HOT_FILMS, _HOT_REQUESTS = 0.1, 0.9

# Every film of the catalogue again under other ids, in all three databases.
_COPIES = {
    "movie": ("movies", "id"),
    "rating": ("rating_summaries", "movie_id"),
    "metadata": ("movie_metadata", "movie"),
}


@dataclass(frozen=True, slots=True)
class PreparedStack:
    """A running stack whose traces go to `collector`; `answers` are the details of its films as it gives them to anybody."""

    stack: WholeStack
    collector: Collector
    answers: Sequence[GetMovieDetailsResponse]
    folder: Path

    def address(self, context: str) -> str:
        return self.stack.process(f"{context}-1").address

    def pids(self, *names: str) -> list[int]:
        return [pid for name in names if (pid := self.stack.process(name).pid)]

    def database_url(self, context: str) -> str:
        _, _, port = self.stack.process("postgres").address.rpartition(":")
        return PostgresServer(self.stack.directory.postgres, port=int(port)).create_database(context)

    def bearer(self, subject: str = "users/alice") -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.stack.token(subject)}"),)

    def movie_target(self, address: str, *, signed_in: bool) -> Target:
        requests = [GetMovieRequest(name=answer.movie.name).SerializeToString() for answer in self.answers]
        return Target(address, GET_MOVIE, requests, self.bearer() if signed_in else ())

    def details_target(self, address: str, names: Sequence[str] = (), metadata: tuple[tuple[str, str], ...] = ()) -> Target:
        chosen = names or [answer.movie.name for answer in self.answers]
        requests = [GetMovieDetailsRequest(name=name).SerializeToString() for name in chosen]
        return Target(address, GET_DETAILS, requests, metadata)

    def multiply(self, times: int) -> list[str]:
        """The names of so many copies of every film: more than any cache holds. Behind the back of the services, which have no need to
        know: a movie that nobody has asked for yet is in no cache."""
        for context, (table, key) in _COPIES.items():
            with psycopg.connect(self.database_url(context), autocommit=True) as connection:
                described = connection.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", (table,)
                ).fetchall()
                others = ", ".join(f'"{name}"' for (name,) in described if name != key)
                connection.execute(
                    f"INSERT INTO {table} ({key}, {others}) "
                    f"SELECT {key} || '-' || copy, {others} FROM {table}, generate_series(1, %s) AS copy",
                    (times,),
                )
                connection.execute(f"VACUUM ANALYZE {table}")
        names = [answer.movie.name for answer in self.answers]
        return [f"{name}-{copy}" for copy in range(1, times + 1) for name in names]


@contextmanager
def prepared_stack(*arguments: str, demo: bool = True) -> Iterator[PreparedStack]:
    """`arguments` are more of `reelmesh up`; the transport is grpcio, which the bare sides have too, unless they say otherwise. Traces are
    sampled as ever, at 1 %, and really exported."""
    with tempfile.TemporaryDirectory(prefix="reelmesh-bench-") as temporary, collecting() as collector:
        folder = Path(temporary)
        with whole_stack(folder / "data", "--otlp", f"http://{collector.address}", "--transport", "grpcio", *arguments, demo=demo) as stack:
            yield PreparedStack(stack, collector, details_of_all(stack.process("movie-1").address), folder)


def details_of_all(address: str) -> list[GetMovieDetailsResponse]:
    """Of films that are rated and told about, so that every part of the answer is there."""
    with grpc.insecure_channel(address) as channel:
        stub = MovieServiceStub(channel)
        names, token = [], ""
        while True:
            page = stub.ListMovies(ListMoviesRequest(page_size=100, page_token=token))
            names += [movie.name for movie in page.movies]
            token = page.next_page_token
            if not token:
                break
        answers = [stub.GetMovieDetails(GetMovieDetailsRequest(name=name)) for name in names]
    return [answer for answer in answers if answer.summary.count and answer.metadata.name]


def drawn(names: Sequence[str], count: int, chance: random.Random) -> list[str]:
    """`count` names, 90 % of them from a tenth of `names`."""
    shuffled, hottest = chance.sample(names, len(names)), round(len(names) * _HOT_FILMS)
    hot, cold = shuffled[:hottest], shuffled[hottest:]
    return [chance.choice(hot if chance.random() < _HOT_REQUESTS else cold) for _ in range(count)]
