"""Changes of the watchlist and of the favourites."""

from collections.abc import Sequence
from datetime import datetime

from library_service.application.ports import Added, Growth, UnitOfWork
from library_service.domain.errors import MarkNotFound, TooManyItems
from library_service.domain.events import TOLD_AT_ONCE, MoviesMarked, MovieUnmarked
from library_service.domain.marks import MOST_MARKS, Mark, Shelf
from library_service.domain.movies import CatalogueMovie


async def mark_movie(uow: UnitOfWork, user: str, shelf: Shelf, movie: CatalogueMovie, now: datetime) -> Mark:
    """The caller has made sure that the movie exists. One that is on the list stays as it is."""
    await uow.movies.remember([movie])
    grown = await mark_movies(uow, user, shelf, [Added(movie.known, now)])
    if grown.refused:
        raise TooManyItems(user, MOST_MARKS)
    return grown.new[0] if grown.new else await _found(uow, user, shelf, movie.movie)


async def mark_movies(uow: UnitOfWork, user: str, shelf: Shelf, movies: Sequence[Added]) -> Growth[Mark]:
    grown = await uow.marks.add(user, shelf, movies)
    for start in range(0, len(grown.new), TOLD_AT_ONCE):
        uow.add_event(MoviesMarked(tuple(grown.new[start : start + TOLD_AT_ONCE])))
    return grown


async def unmark_movie(uow: UnitOfWork, user: str, shelf: Shelf, movie: str) -> Mark:
    mark = await uow.marks.remove(user, shelf, movie)
    if mark is None:
        raise MarkNotFound(user, shelf.list_name, movie)
    uow.add_event(MovieUnmarked(mark))
    return mark


async def _found(uow: UnitOfWork, user: str, shelf: Shelf, movie: str) -> Mark:
    mark = await uow.marks.find(user, shelf, movie)
    if mark is None:
        raise MarkNotFound(user, shelf.list_name, movie)
    return mark
