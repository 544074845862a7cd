"""The stream of RecordInteractions: message by message a transaction."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

from mesh.call import Call, calling_user
from mesh.errors import InvalidArgument, Violation
from mesh.postgres.idempotency import once
from recommender_service.application.ports import Catalogue
from recommender_service.domain.errors import TimeInFuture
from recommender_service.infrastructure.grpc.names import movie_name
from recommender_service.infrastructure.grpc.translate import interaction_from
from recommender_service.infrastructure.postgres.unit_of_work import RecommenderUnitOfWork
from reelmesh.recommender.v1.recommender_service_pb2 import RecordInteractionsRequest, RecordInteractionsResponse

_NAMED = 100
_AHEAD = timedelta(minutes=5)  # clocks differ


class Recording:
    """`now` gives the time in UTC."""

    def __init__(
        self,
        unit_of_work: Callable[[], RecommenderUnitOfWork],
        catalogue: Catalogue,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._unit_of_work, self._catalogue, self._now = unit_of_work, catalogue, now

    async def run(self, requests: AsyncIterator[RecordInteractionsRequest], call: Call) -> RecordInteractionsResponse:
        user, total, first, number = calling_user(call), RecordInteractionsResponse(), None, 0
        async for request in requests:
            first = first or request
            stored = await self._message(request, first, number, user, call)
            total.recorded_count += stored.recorded_count
            total.unknown_count += stored.unknown_count
            total.unknown_movies.extend(name for name in stored.unknown_movies if name not in total.unknown_movies)
            del total.unknown_movies[_NAMED:]
            number += 1
        if first is None:
            raise InvalidArgument([Violation("interactions", "is required")])
        return total

    async def _message(
        self, request: RecordInteractionsRequest, first: RecordInteractionsRequest, number: int, user: str, call: Call
    ) -> RecordInteractionsResponse:
        now = self._now()
        interactions = [interaction_from(each, user, first.region_code, now) for each in request.interactions]
        for index, each in enumerate(interactions):
            if each.time > now + _AHEAD:
                raise TimeInFuture(f"interactions[{index}].event_time")
        known = [each for each in interactions if self._catalogue.knows(each.movie)]
        unknown = list(dict.fromkeys(each.movie for each in interactions if not self._catalogue.knows(each.movie)))
        answer = RecordInteractionsResponse(
            recorded_count=len(known), unknown_count=len(interactions) - len(known), unknown_movies=map(movie_name, unknown[:_NAMED])
        )
        if first.validate_only or not known:
            return answer

        async def effect(uow: RecommenderUnitOfWork) -> RecordInteractionsResponse:
            await uow.interactions.append(known)
            return answer

        # Each message of the stream is a request of its own, in one transaction with its effect.
        keyed = RecordInteractionsRequest()
        keyed.CopyFrom(request)
        keyed.request_id = f"{first.request_id}.{number}" if first.request_id else ""
        return await once(self._unit_of_work, call, keyed, RecordInteractionsResponse, effect)
