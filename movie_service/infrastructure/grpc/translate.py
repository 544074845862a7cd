"""Movies between the contract and the domain."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from mesh.errors import InvalidArgument, Violation
from mesh.field_masks import changed_fields
from movie_service.application.imports import ImportedMovie
from movie_service.domain.errors import FactsContradict
from movie_service.domain.movie import LONGEST_RUNTIME, Facts, Movie, movie_id_of
from reelmesh.movie.v1 import movie_pb2, movie_service_pb2


def movie_to_proto(movie: Movie) -> movie_pb2.Movie:
    facts = movie.facts
    message = movie_pb2.Movie(
        name=movie.name,
        title=facts.title,
        original_title=facts.original_title,
        release_year=facts.release_year,
        release_date=facts.release_date.isoformat() if facts.release_date else "",
        original_language=facts.original_language,
        genres=facts.genres,
        state=movie_pb2.Movie.STATE_DELETED if movie.is_deleted else movie_pb2.Movie.STATE_ACTIVE,
        create_time=_timestamp(movie.create_time),
        update_time=_timestamp(movie.update_time),
        etag=movie.etag,
    )
    if facts.runtime is not None:
        message.runtime.FromTimedelta(facts.runtime)
    if movie.delete_time is not None:
        message.delete_time.CopyFrom(_timestamp(movie.delete_time))
    return message


def facts_from_proto(message: movie_pb2.Movie) -> Facts:
    """FactsContradict for a day that no calendar has, and for a running time that no clock shows."""
    flaws = []
    day = None
    if message.release_date:
        try:
            day = date.fromisoformat(message.release_date)
        except ValueError:
            flaws.append(("release_date", "is not a day of the calendar"))
    runtime = None
    if message.HasField("runtime"):
        seconds = message.runtime.seconds
        if message.runtime.nanos:
            flaws.append(("runtime", "must be whole seconds"))
        elif not 0 < seconds <= LONGEST_RUNTIME.total_seconds():
            flaws.append(("runtime", "must be more than nothing and at most 100 hours"))
        else:
            runtime = timedelta(seconds=seconds)
    if flaws:
        raise FactsContradict(flaws)
    return Facts(
        title=message.title,
        original_title=message.original_title,
        release_year=message.release_year,
        release_date=day,
        runtime=runtime,
        original_language=message.original_language,
        genres=tuple(message.genres),
    )


def imported_movie(index: int, message: movie_pb2.Movie) -> ImportedMovie:
    fields = changed_fields(movie_service_pb2.UpdateMovieRequest().update_mask, message)
    return ImportedMovie(index, movie_id_of(message.name), facts_from_proto(message), fields)


def violations_of(flaws: Iterable[tuple[str, str]]) -> InvalidArgument:
    return InvalidArgument([Violation(f"movie.{field}", flaw) for field, flaw in flaws])


def _timestamp(time: datetime) -> Timestamp:
    message = Timestamp()
    message.FromDatetime(time)
    return message
