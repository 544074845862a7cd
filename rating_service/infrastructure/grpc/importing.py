"""The stream of ImportRatings: message by message a transaction, item by item a check."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import structlog

from mesh.call import Call
from mesh.errors import InvalidArgument, Violation
from mesh.postgres.idempotency import once
from mesh.timestamps import moment
from mesh.validation import checker
from rating_service.application.rating_commands import Stored, import_ratings
from rating_service.domain.ratings import ImportedRating
from rating_service.infrastructure.events.announcer import SummaryAnnouncer
from rating_service.infrastructure.grpc.translate import imported_from
from rating_service.infrastructure.postgres.unit_of_work import RatingUnitOfWork
from reelmesh.rating.v1 import rating_pb2
from reelmesh.rating.v1.rating_service_pb2 import ImportRatingsRequest, ImportRatingsResponse

_log = structlog.get_logger(__name__)
_REPORTED = 100
# Clocks differ; a rating from further ahead would win over all that its user gives here, for as long.
_AHEAD = timedelta(days=1)
_NO_REQUEST_ID = ImportRatingsRequest()


class RatingImport:
    """Runs one stream after the other; `clock` gives the time in UTC."""

    def __init__(
        self,
        unit_of_work: Callable[[], RatingUnitOfWork],
        announcer: SummaryAnnouncer,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._unit_of_work = unit_of_work
        self._announcer = announcer
        self._clock = clock

    async def run(self, requests: AsyncIterator[ImportRatingsRequest], call: Call) -> ImportRatingsResponse:
        total, index, first = ImportRatingsResponse(), 0, None
        async for request in requests:
            first = first or request
            if not first.source:
                raise InvalidArgument([Violation("source", "is required in the first message")])
            accepted = self._accepted(request, index, total)
            stored = await self._store(first, accepted, call)
            total.created_count += stored.created
            total.updated_count += stored.updated
            total.unchanged_count += stored.unchanged
            index += len(request.ratings)
        if first is None:
            raise InvalidArgument([Violation("source", "is required in the first message")])
        if not first.validate_only:
            await self._announcer.announce_all()
        _log.info("ratings_imported", source=first.source, request_id=first.request_id, read=index, rejected=total.rejected_count)
        return total

    def _accepted(self, request: ImportRatingsRequest, index: int, total: ImportRatingsResponse) -> list[ImportedRating]:
        """The ratings that keep the rules; the others are written down in `total`."""
        check, latest = checker(rating_pb2.ImportedRating.DESCRIPTOR), self._clock() + _AHEAD
        accepted: list[ImportedRating] = []
        for position, item in enumerate(request.ratings, start=index):
            violations: list[Violation] = []
            check(item, "", violations)
            if not violations and item.HasField("rate_time") and moment(item.rate_time) > latest:
                violations.append(Violation("rate_time", "lies in the future"))
            if not violations:
                accepted.append(imported_from(item))
                continue
            total.rejected_count += 1
            if len(total.rejected) < _REPORTED:
                message = "; ".join(f"{violation.field} {violation.description}" for violation in violations)
                total.rejected.add(index=position, name=item.name[:200], reason="INVALID_ARGUMENT", message=message)
        return accepted

    async def _store(self, first: ImportRatingsRequest, ratings: list[ImportedRating], call: Call) -> Stored:
        if not ratings:
            return Stored(0, 0, 0)
        if first.validate_only:
            async with self._unit_of_work() as uow:  # not committed
                return await import_ratings(uow, first.source, ratings)
        stored = Stored(0, 0, 0)

        async def effect(uow: RatingUnitOfWork) -> ImportRatingsResponse:
            nonlocal stored
            stored = await import_ratings(uow, first.source, ratings)
            return ImportRatingsResponse()

        # Without a request id: for its retry after a conflict only, since the ratings are keyed by their names.
        await once(self._unit_of_work, call, _NO_REQUEST_ID, ImportRatingsResponse, effect)
        return stored
