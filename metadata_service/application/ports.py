"""What the use cases need from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from metadata_service.domain.documents import LocalizedMetadata, MovieMetadata
from metadata_service.domain.genres import Genre
from metadata_service.domain.people import Person, PersonMovie


@dataclass(frozen=True, slots=True)
class Change:
    """A document before, None when it is new, and after."""

    before: MovieMetadata | None
    after: MovieMetadata


class Documents(Protocol):
    """The documents, inside a transaction."""

    async def lock(self, movies: Sequence[str]) -> Mapping[str, MovieMetadata]:
        """Those that exist, by movie; nobody else changes them until the transaction ends."""
        ...

    async def store(self, changes: Sequence[Change]) -> None:
        """Writes documents that `lock` was asked for, with the people, credits and genres that follow from them."""
        ...


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def documents(self) -> Documents: ...

    def add_event(self, event: object) -> None: ...


class Reader(Protocol):
    """What is read outside transactions. `languages` are BCP 47 tags, best first."""

    async def whole(self, movies: Sequence[str], languages: Sequence[str]) -> Mapping[str, LocalizedMetadata]: ...

    async def cards(self, movies: Sequence[str], languages: Sequence[str]) -> Mapping[str, LocalizedMetadata]:
        """Without keywords, cast, crew and localizations: they are not even read."""
        ...

    async def genres(self, after: str, limit: int) -> Sequence[Genre]:
        """Those that movies have, by id."""
        ...

    async def person(self, person: str) -> Person | None: ...

    async def movies_of(self, person: str, after: str, limit: int, languages: Sequence[str]) -> Sequence[PersonMovie]:
        """By movie id."""
        ...
