"""What can be done to one movie. Each runs inside a unit of work that its caller commits."""

from datetime import datetime

from movie_service.application.ports import UnitOfWork
from movie_service.domain.errors import MovieAlreadyExists, MovieNotFound
from movie_service.domain.events import MovieCreated, MovieDeleted, MovieUndeleted, MovieUpdated
from movie_service.domain.movie import Facts, Movie, movie_name


async def create_movie(uow: UnitOfWork, movie_id: str, facts: Facts, now: datetime) -> Movie:
    movie = Movie.created(movie_id, facts, now)
    if movie_id not in await uow.movies.add([movie]):
        raise MovieAlreadyExists(movie.name)
    uow.add_event(MovieCreated(movie))
    return movie


async def update_movie(uow: UnitOfWork, movie_id: str, facts: Facts, fields: frozenset[str], etag: str, now: datetime) -> Movie:
    """Takes `fields` of `facts`. What changes nothing is neither stored nor told."""
    movie = await _found(uow, movie_id)
    movie.require_etag(etag)
    changed = movie.revised(movie.facts.taking(facts, fields), now)
    if changed is not movie:
        await uow.movies.save([changed])
        uow.add_event(MovieUpdated(changed))
    return changed


async def delete_movie(uow: UnitOfWork, movie_id: str, etag: str, now: datetime) -> Movie:
    movie = await _found(uow, movie_id)
    movie.require_etag(etag)
    deleted = movie.deleted(now)
    await uow.movies.save([deleted])
    uow.add_event(MovieDeleted(deleted))
    return deleted


async def undelete_movie(uow: UnitOfWork, movie_id: str, etag: str, now: datetime) -> Movie:
    movie = await _found(uow, movie_id)
    movie.require_etag(etag)
    undeleted = movie.undeleted(now)
    await uow.movies.save([undeleted])
    uow.add_event(MovieUndeleted(undeleted))
    return undeleted


async def _found(uow: UnitOfWork, movie_id: str) -> Movie:
    movie = (await uow.movies.find([movie_id])).get(movie_id)
    if movie is None:
        raise MovieNotFound(movie_name(movie_id))
    return movie
