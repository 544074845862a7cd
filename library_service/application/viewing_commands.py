"""Changes of the viewing history."""

from collections.abc import Sequence
from datetime import timedelta

from library_service.application.ports import Added, Growth, UnitOfWork
from library_service.domain.errors import TooManyItems, ViewingNotFound
from library_service.domain.events import TOLD_AT_ONCE, ViewingProgressRecorded
from library_service.domain.movies import CatalogueMovie
from library_service.domain.viewings import MOST_VIEWINGS, Viewing, Watched, first_viewing


async def record_viewing(uow: UnitOfWork, user: str, movie: CatalogueMovie, watched: Watched) -> Viewing:
    """The caller has made sure that the movie exists, and that what the player says is sound."""
    await uow.movies.remember([movie])
    before = await uow.viewings.lock(user, movie.movie)
    if before is None:
        after = first_viewing(user, movie.known, watched)
        if (await uow.viewings.add(user, [after])).refused:
            raise TooManyItems(user, MOST_VIEWINGS)
    else:
        after = before.after(watched)
        if after is before:
            return before
        await uow.viewings.save(after)
    if after.is_news_after(before):
        uow.add_event(ViewingProgressRecorded((after,)))
    return after


async def add_watched(uow: UnitOfWork, user: str, movies: Sequence[Added]) -> Growth[Viewing]:
    """Movies that are only said to be watched; those in the history stay as they are."""
    viewings = [Viewing(user, each.movie, timedelta(), None, True, 1, each.time) for each in movies]
    grown = await uow.viewings.add(user, viewings)
    for start in range(0, len(grown.new), TOLD_AT_ONCE):
        uow.add_event(ViewingProgressRecorded(tuple(grown.new[start : start + TOLD_AT_ONCE])))
    return grown


async def remove_viewing(uow: UnitOfWork, user: str, movie: str) -> Viewing:
    viewing = await uow.viewings.remove(user, movie)
    if viewing is None:
        raise ViewingNotFound(user, movie)
    return viewing


async def clear_history(uow: UnitOfWork, user: str) -> int:
    return await uow.viewings.clear(user)
