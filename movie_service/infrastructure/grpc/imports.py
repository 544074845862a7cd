"""ImportMovies: each message of the stream is one transaction, what breaks a rule is left out of it."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

import structlog

from mesh.call import Call
from mesh.errors import InvalidArgument, Violation
from mesh.postgres.idempotency import once
from mesh.validation import checker
from movie_service.application.imports import BatchResult, ImportedMovie, Outcome, import_movies
from movie_service.domain.errors import FactsContradict, MovieIsDeleted
from movie_service.infrastructure.grpc.answers import Answers
from movie_service.infrastructure.grpc.translate import imported_movie
from movie_service.infrastructure.postgres.unit_of_work import MovieUnitOfWork
from reelmesh.movie.v1.movie_pb2 import Movie, RejectedMovie
from reelmesh.movie.v1.movie_service_pb2 import ImportMoviesRequest, ImportMoviesResponse

_REPORTED = 100

log = structlog.get_logger("movie.import")


class _NothingIsStored(Exception):  # not an error: how a batch that is only checked leaves its unit of work
    pass


class ImportEndpoint:
    """One import after another, or several at once."""

    def __init__(self, unit_of_work: Callable[[], MovieUnitOfWork], answers: Answers, now: Callable[[], datetime]) -> None:
        self._unit_of_work, self._answers, self._now = unit_of_work, answers, now

    async def import_movies(self, requests: AsyncIterator[ImportMoviesRequest], call: Call) -> ImportMoviesResponse:
        report = ImportMoviesResponse()
        index, first = 0, None
        async for request in requests:
            first = first or request
            checked = _checked(request, index, report)
            index += len(request.movies)
            if checked:
                _count(report, await self._stored(checked, call, validate_only=first.validate_only))
        if first is None:
            raise InvalidArgument([Violation("movies", "is required")])
        report.rejected.sort(key=lambda rejected: rejected.index)
        counts = {field.name: value for field, value in report.ListFields() if field.name.endswith("_count")}
        log.info("imported", request_id=first.request_id, validate_only=first.validate_only, **counts)
        return report

    async def _stored(self, batch: list[ImportedMovie], call: Call, *, validate_only: bool) -> BatchResult:
        results: list[BatchResult] = []

        async def effect(uow: MovieUnitOfWork) -> ImportMoviesResponse:
            results.append(await import_movies(uow, batch, self._now()))
            if validate_only:
                raise _NothingIsStored
            return ImportMoviesResponse()

        try:
            # Only for its repetition of lost races: an import is keyed by name and takes no request id.
            await once(self._unit_of_work, call, ImportMoviesRequest(), ImportMoviesResponse, effect)
        except _NothingIsStored:
            return results[-1]
        finally:
            for item in batch:
                self._answers.movie_changed(f"movies/{item.id}")
        return results[-1]


def _checked(request: ImportMoviesRequest, index: int, report: ImportMoviesResponse) -> list[ImportedMovie]:
    check = checker(Movie.DESCRIPTOR)
    batch = []
    for number, movie in enumerate(request.movies, start=index):
        violations: list[Violation] = []
        check(movie, "", violations)
        if not movie.name:
            violations.append(Violation("name", "is required"))
        if violations:
            _reject(report, number, movie.name, "INVALID_ARGUMENT", "; ".join(f"{v.field} {v.description}" for v in violations))
            continue
        try:
            batch.append(imported_movie(number, movie))
        except FactsContradict as error:
            _reject(report, number, movie.name, "INVALID_ARGUMENT", str(error))
    return batch


def _count(report: ImportMoviesResponse, result: BatchResult) -> None:
    report.created_count += result.count(Outcome.CREATED)
    report.updated_count += result.count(Outcome.UPDATED)
    report.unchanged_count += result.count(Outcome.UNCHANGED)
    for item, error in result.rejected:
        deleted = isinstance(error, MovieIsDeleted)
        reason, message = ("MOVIE_DELETED", "is deleted") if deleted else ("INVALID_ARGUMENT", str(error))
        _reject(report, item.index, f"movies/{item.id}", reason, message)


def _reject(report: ImportMoviesResponse, index: int, name: str, reason: str, message: str) -> None:
    report.rejected_count += 1
    if len(report.rejected) < _REPORTED:
        # Protobuf's own limits do not hold for a name that broke ours.
        report.rejected.append(RejectedMovie(index=index, name=name[:200], reason=reason, message=message[:500]))
