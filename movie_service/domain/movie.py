"""The movie: the facts that identify it, and its life in the catalogue."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from movie_service.domain.errors import FactsContradict, MovieChangedMeanwhile, MovieIsDeleted, MovieIsNotDeleted

LONGEST_RUNTIME = timedelta(hours=100)
_COLLECTION = "movies/"


def movie_name(movie_id: str) -> str:
    """`movies/tt0114709` for `tt0114709`."""
    return _COLLECTION + movie_id


def movie_id_of(name: str) -> str:
    """`tt0114709` for `movies/tt0114709`, also for what belongs to the movie: `movies/tt0114709/metadata`."""
    return name.removeprefix(_COLLECTION).partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is said about a movie. Year 0, an empty text and None mean unknown."""

    title: str
    original_title: str = ""
    release_year: int = 0
    release_date: date | None = None
    runtime: timedelta | None = None
    original_language: str = ""
    genres: tuple[str, ...] = ()

    def taking(self, other: "Facts", fields: frozenset[str]) -> "Facts":
        """These facts with `fields` as `other` has them."""
        return replace(self, **{field: getattr(other, field) for field in fields})

    def flaws(self) -> list[tuple[str, str]]:
        """Pairs of a field and what is wrong with it."""
        found = []
        if not self.title.strip():
            found.append(("title", "is required"))
        if self.release_date is not None and self.release_date.year != self.release_year:
            found.append(("release_date", "must lie in the year of release_year"))
        if self.runtime is not None:
            if not timedelta(0) < self.runtime <= LONGEST_RUNTIME:
                found.append(("runtime", "must be more than nothing and at most 100 hours"))
            elif self.runtime.microseconds:
                found.append(("runtime", "must be whole seconds"))
        return found

    def require_consistent(self) -> None:
        flaws = self.flaws()
        if flaws:
            raise FactsContradict(flaws)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movie:
    """A movie of the catalogue; what happens to it gives the movie after it."""

    id: str
    facts: Facts
    create_time: datetime
    update_time: datetime
    delete_time: datetime | None = None
    revision: int = 1

    @classmethod
    def created(cls, movie_id: str, facts: Facts, now: datetime) -> "Movie":
        facts.require_consistent()
        return cls(id=movie_id, facts=facts, create_time=now, update_time=now)

    @property
    def name(self) -> str:
        return movie_name(self.id)

    @property
    def etag(self) -> str:
        return f"r{self.revision}"

    @property
    def is_deleted(self) -> bool:
        return self.delete_time is not None

    def require_etag(self, etag: str) -> None:
        """Whoever sends none does not mind what others changed."""
        if etag and etag != self.etag:
            raise MovieChangedMeanwhile(self.name)

    def revised(self, facts: Facts, now: datetime) -> "Movie":
        """The same object when nothing is different: then nothing happened."""
        if self.is_deleted:
            raise MovieIsDeleted(self.name)
        if facts == self.facts:
            return self
        facts.require_consistent()
        return self._next(facts, None, now)

    def deleted(self, now: datetime) -> "Movie":
        if self.is_deleted:
            raise MovieIsDeleted(self.name)
        return self._next(self.facts, now, now)

    def undeleted(self, now: datetime) -> "Movie":
        if not self.is_deleted:
            raise MovieIsNotDeleted(self.name)
        return self._next(self.facts, None, now)

    def _next(self, facts: Facts, delete_time: datetime | None, now: datetime) -> "Movie":
        # Clocks of several replicas: a movie's times never run backwards.
        return replace(self, facts=facts, delete_time=delete_time, update_time=max(now, self.update_time), revision=self.revision + 1)
