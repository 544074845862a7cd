"""Search over generated movies: milliseconds by kind of query, through the service's own endpoint, index and projection.

`python -m bench.search [--movies 10000|1000000] [--json FILE]` starts its own PostgreSQL. Titles follow a Zipf law as real ones do. 10,000
movies take a quarter of a minute; a million some minutes and 3 GB, nearly all of it for making them.
"""

import argparse
import asyncio
import bisect
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from google.protobuf.message import Message
from rich.console import Console
from rich.table import Table

from mesh.call import ANONYMOUS, Call, Deadline, TraceContext
from mesh.postgres.database import Database
from mesh.postgres.migrations import migrate
from mesh.postgres.statements import text_statement
from movie_service.infrastructure.grpc.search import SearchEndpoint
from movie_service.infrastructure.search.index import PostgresIndex
from movie_service.infrastructure.search.projection import project
from reelmesh.metadata.v1.events_pb2 import MovieMetadataChanged
from reelmesh.movie.v1.events_pb2 import MovieCreated
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2 import SearchMoviesRequest
from reelmesh.rating.v1.events_pb2 import RatingSummaryChanged
from stack.servers.postgres import PostgresServer
from stack.servers.running import running

GENRES = ("action", "adventure", "animation", "comedy", "crime", "documentary", "drama", "fantasy", "horror", "romance", "western")
LANGUAGES = ("en",) * 12 + ("fr", "de", "ja", "hi", "es", "it", "ko", "zh")
COMMON = ("the", "of", "a", "in", "and", "love", "man", "night", "day", "my")
ROUNDS = 300  # queries of each kind
BATCH = 2_000
CALL = Call("bench", ANONYMOUS, Deadline.after(1e9), (), TraceContext("", ""))


class Catalogue:
    """Made-up movies; the same for the same number."""

    def __init__(self, movies: int) -> None:
        self.movies = movies
        self._random = random.Random(movies)
        # Measured on MovieLens: 9,742 titles have about 9,500 words; the vocabulary grows with the root of what is added (Heaps).
        made = (self._made_up_word() for _ in range(int(200 * movies**0.5)))
        self._words = list(dict.fromkeys((*COMMON, *made)))
        self._weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(self._words))))
        self._people = [f"{self._made_up_word().title()} {self._made_up_word().title()}" for _ in range(max(100, movies // 4))]
        self.samples: list[tuple[str, str]] = []  # (title, person)

    def batches(self) -> Iterator[list[Message]]:
        for start in range(0, self.movies, BATCH):
            yield [event for number in range(start, min(start + BATCH, self.movies)) for event in self._events(number)]

    def _events(self, number: int) -> Iterator[Message]:
        chance = self._random
        name = f"movies/tt{number:07d}"
        title = " ".join(self._word() for _ in range(chance.choice((1, 2, 2, 3, 3, 4, 5)))).title()
        people = [chance.choice(self._people) for _ in range(5)]
        if chance.random() < 3_000 / self.movies:
            self.samples.append((title, people[0]))
        created = MovieCreated(movie=Movie(name=name, title=title, release_year=chance.randint(1920, 2025), state=Movie.STATE_ACTIVE))
        created.movie.original_language = chance.choice(LANGUAGES)
        created.movie.genres.extend(chance.sample(GENRES, chance.randint(1, 3)))
        yield created
        told = MovieMetadataChanged()
        told.metadata.name = f"{name}/metadata"
        told.metadata.keywords.extend({self._word() for _ in range(3)})
        for person in people:
            told.metadata.cast.add(person="people/p", display_name=person)
        for language in ("de", "fr"):
            told.metadata.localizations.add(language_code=language, title=" ".join(self._word() for _ in range(3)))
        yield told
        if count := int(chance.paretovariate(0.7)) - 1:
            rated = RatingSummaryChanged()
            rated.summary.name, rated.summary.count = f"{name}/ratingSummary", min(count, 1_000_000)
            rated.summary.mean = rated.summary.bayesian_mean = min(5.0, max(0.5, chance.gauss(3.4, 0.6)))
            yield rated

    def _word(self) -> str:
        return self._words[bisect.bisect(self._weights, self._random.random() * self._weights[-1])]

    def _made_up_word(self) -> str:
        chance = self._random
        return "".join(chance.choice("bcdfghjklmnprstvwz") + chance.choice("aeiou") for _ in range(chance.randint(1, 3))) + chance.choice(
            ("", "n", "r", "st", "ng", "l")
        )


def misspelt(text: str, chance: random.Random) -> str:
    """One letter of the longest word swapped, lost, doubled or replaced."""
    word = max(text.split(), key=len)
    at = chance.randrange(max(1, len(word) - 1))
    wrong = chance.choice(
        (
            word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + "x" + word[at + 1 :],
        )
    )
    return text.replace(word, wrong, 1)


Ask = Callable[[str, str, random.Random], SearchMoviesRequest]
KINDS: dict[str, Ask] = {
    "whole title": lambda title, person, chance: SearchMoviesRequest(query=title),
    "being typed": lambda title, person, chance: SearchMoviesRequest(query=title[: chance.randint(3, max(3, len(title)))]),
    "one letter": lambda title, person, chance: SearchMoviesRequest(query=title[:1]),
    "misspelt": lambda title, person, chance: SearchMoviesRequest(query=misspelt(title, chance)),
    "person": lambda title, person, chance: SearchMoviesRequest(query=person),
    "word and filters": lambda title, person, chance: SearchMoviesRequest(
        query=title.split()[0], genres_any=chance.sample(GENRES, 2), year_from=1980, year_to=2010, min_rating=3
    ),
    "filters only": lambda title, person, chance: SearchMoviesRequest(
        genres_all=chance.sample(GENRES, 1), year_from=(year := chance.randint(1920, 2010)), year_to=year + 10
    ),
    "very common word": lambda title, person, chance: SearchMoviesRequest(query=chance.choice(COMMON)),
}


async def measure(endpoint: SearchEndpoint, catalogue: Catalogue) -> dict[str, list[float]]:
    """Milliseconds of each query, by kind; the kinds take turns, so that a noisy moment hits all alike."""
    chance = random.Random(1)
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for round_number in range(-10, ROUNDS):  # the first ten warm up
        for kind, ask in KINDS.items():
            request = ask(*chance.choice(catalogue.samples), chance)
            request.page_size = 20
            began = time.perf_counter()
            await endpoint.SearchMovies(request, CALL)
            if round_number >= 0:
                times[kind].append((time.perf_counter() - began) * 1_000)
    return times


async def run(url: str, movies: int) -> dict[str, dict[str, float]]:
    await asyncio.to_thread(migrate, url, "movie_service.infrastructure.migrations")
    database = Database(url, statement_timeout=600)
    await database.open()
    catalogue = Catalogue(movies)
    began = time.perf_counter()
    for batch in catalogue.batches():
        async with database.transaction() as transaction:
            await project(transaction, batch)
    seconds = time.perf_counter() - began
    await database.execute(text_statement("VACUUM ANALYZE"))
    times = await measure(SearchEndpoint(PostgresIndex(database)), catalogue)
    await database.close()
    together = [millis for kind in times.values() for millis in kind]
    report = {kind: spread(found) for kind, found in {**times, "all": together}.items()}
    return {**report, "indexing": {"movies_per_second": movies / seconds}}


def spread(times: list[float]) -> dict[str, float]:
    times = sorted(times)
    return {"p50_ms": times[len(times) // 2], "p99_ms": times[len(times) * 99 // 100], "max_ms": times[-1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reelmesh-bench-") as directory:
        folder = Path(directory)
        with running(PostgresServer(folder / "postgres", durable=False), folder / "postgres.log") as server:
            report = asyncio.run(run(server.create_database("bench"), arguments.movies))
    table = Table("query", "p50 ms", "p99 ms", "max ms", title=f"Search over {arguments.movies:,} movies")
    for kind, figures in report.items():
        if kind != "indexing":
            table.add_row(kind, *(f"{figures[name]:.1f}" for name in ("p50_ms", "p99_ms", "max_ms")))
    console = Console()
    console.print(table, f"indexed {report['indexing']['movies_per_second']:,.0f} movies/s")
    if arguments.json:
        arguments.json.write_text(json.dumps({"movies": arguments.movies, **report}, indent=2))


if __name__ == "__main__":
    main()
