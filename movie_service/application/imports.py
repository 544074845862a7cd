"""Movies in bulk: one batch is one unit of work, keyed by id."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from movie_service.application.ports import UnitOfWork
from movie_service.domain.errors import FactsContradict, MovieIsDeleted
from movie_service.domain.events import MovieCreated, MovieUpdated
from movie_service.domain.movie import Facts, Movie


class Outcome(Enum):
    """What became of an imported movie."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ImportedMovie:
    """One movie of a batch: `fields` are those of `facts` that it brings."""

    index: int
    id: str
    facts: Facts
    fields: frozenset[str]


@dataclass(slots=True)
class BatchResult:
    """How each movie fared, in pairs with the movie it is about."""

    stored: list[tuple[ImportedMovie, Outcome]] = field(default_factory=list)
    rejected: list[tuple[ImportedMovie, MovieIsDeleted | FactsContradict]] = field(default_factory=list)

    def count(self, outcome: Outcome) -> int:
        return sum(each is outcome for _, each in self.stored)


async def import_movies(uow: UnitOfWork, batch: Sequence[ImportedMovie], now: datetime) -> BatchResult:
    """Creates the new ones, changes the brought fields of the others; what changes nothing is neither stored nor told.

    A movie named twice is taken in the order of the batch.
    """
    result = BatchResult()
    known = dict(await uow.movies.find({item.id for item in batch}))
    created: dict[str, Movie] = {}
    updated: dict[str, Movie] = {}
    for item in batch:
        try:
            current = created.get(item.id) or updated.get(item.id) or known.get(item.id)
            if current is None:
                created[item.id] = Movie.created(item.id, item.facts, now)
                outcome = Outcome.CREATED
            else:
                changed = current.revised(current.facts.taking(item.facts, item.fields), now)
                outcome = Outcome.UNCHANGED if changed is current else Outcome.UPDATED
                if outcome is Outcome.UPDATED:
                    (created if item.id in created else updated)[item.id] = changed
            result.stored.append((item, outcome))
        except (MovieIsDeleted, FactsContradict) as error:
            result.rejected.append((item, error))
    return await _stored(uow, result, created, updated, now)


async def _stored(uow: UnitOfWork, result: BatchResult, created: dict[str, Movie], updated: dict[str, Movie], now: datetime) -> BatchResult:
    added = set(await uow.movies.add(created.values())) if created else set()
    if updated:
        await uow.movies.save(updated.values())
    for movie in created.values():
        if movie.id in added:
            uow.add_event(MovieCreated(movie))
    for movie in updated.values():
        uow.add_event(MovieUpdated(movie))
    overtaken = created.keys() - added
    if overtaken:
        # Somebody created them since we looked: now they can be found, and what we bring is a change of them.
        again = await import_movies(uow, [item for item, _ in result.stored if item.id in overtaken], now)
        result.stored = [pair for pair in result.stored if pair[0].id not in overtaken] + again.stored
        result.rejected += again.rejected
    return result
