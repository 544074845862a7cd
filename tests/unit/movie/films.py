"""Hypothesis strategies of movies, and a unit of work that keeps them in memory."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

from movie_service.domain.movie import Facts, Movie

IDS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
TIMES = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))
DAYS = st.dates(min_value=date(1870, 1, 1), max_value=date(2200, 12, 31))


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    day = draw(st.none() | DAYS)
    return Facts(
        title=draw(TEXTS.filter(lambda text: bool(text.strip()))),
        original_title=draw(TEXTS),
        release_year=day.year if day else draw(st.just(0) | st.integers(1870, 2200)),
        release_date=day,
        runtime=draw(st.none() | st.integers(1, 360_000).map(lambda seconds: timedelta(seconds=seconds))),
        original_language=draw(st.sampled_from(["", "en", "pt-BR"])),
        genres=tuple(draw(st.lists(IDS, max_size=5, unique=True))),
    )


@st.composite
def movies(draw: st.DrawFn) -> Movie:
    return Movie(
        id=draw(IDS),
        facts=draw(facts()),
        create_time=draw(TIMES),
        update_time=draw(TIMES),
        delete_time=draw(st.none() | TIMES),
        revision=draw(st.integers(1, 2**40)),
    )


class MemoryMovies:
    """The port `Movies`. Ids in `overtaken` are created by somebody else between find and add, as they are there."""

    def __init__(self) -> None:
        self.stored: dict[str, Movie] = {}
        self.overtaken: dict[str, Movie] = {}

    async def find(self, movie_ids: Collection[str]) -> Mapping[str, Movie]:
        return {each: self.stored[each] for each in movie_ids if each in self.stored}

    async def add(self, movies: Collection[Movie]) -> Collection[str]:
        self.stored |= self.overtaken
        self.overtaken = {}
        free = {movie.id: movie for movie in movies if movie.id not in self.stored}
        self.stored |= free
        return free.keys()

    async def save(self, movies: Collection[Movie]) -> None:
        self.stored |= {movie.id: movie for movie in movies}


class MemoryUnitOfWork:
    """The port `UnitOfWork`."""

    def __init__(self) -> None:
        self.movies = MemoryMovies()
        self.events: list[object] = []

    def add_event(self, event: object) -> None:
        self.events.append(event)
