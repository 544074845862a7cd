"""HistoryService."""

from collections.abc import Callable
from datetime import UTC, datetime

from library_service.application.ports import Catalogue, ViewingReader
from library_service.application.viewing_commands import clear_history, record_viewing, remove_viewing
from library_service.domain.errors import ViewingNotFound
from library_service.domain.viewings import Viewing, Watched
from library_service.infrastructure.clients.movies import RemoteMovies
from library_service.infrastructure.grpc.callers import owner
from library_service.infrastructure.grpc.names import ids_of
from library_service.infrastructure.grpc.pages import with_cards
from library_service.infrastructure.grpc.translate import viewing_message
from library_service.infrastructure.postgres.unit_of_work import LibraryUnitOfWork
from mesh import paging
from mesh.call import Call
from mesh.paging import cut, time_position
from mesh.postgres.idempotency import once
from mesh.timestamps import moment
from reelmesh.library.v1.history_service_pb2 import (
    ClearHistoryRequest,
    ClearHistoryResponse,
    GetViewingRequest,
    GetViewingResponse,
    ListContinueWatchingRequest,
    ListContinueWatchingResponse,
    ListHistoryRequest,
    ListHistoryResponse,
    RecordViewingRequest,
    RecordViewingResponse,
    RemoveFromHistoryRequest,
    RemoveFromHistoryResponse,
)


class HistoryServicer:
    """`reelmesh.library.v1.HistoryService`. `clock` gives the time in UTC."""

    def __init__(
        self,
        unit_of_work: Callable[[], LibraryUnitOfWork],
        viewings: ViewingReader,
        catalogue: Catalogue,
        movies: RemoteMovies,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._unit_of_work, self._viewings, self._catalogue, self._movies, self._clock = unit_of_work, viewings, catalogue, movies, clock

    async def RecordViewing(self, request: RecordViewingRequest, call: Call) -> RecordViewingResponse:
        user, movie_id, now = owner(request.name, call), ids_of(request.name)[1], self._clock()
        time = moment(request.view_time) if request.HasField("view_time") else now
        watched = Watched(request.position.ToTimedelta(), request.duration.ToTimedelta(), time)
        watched.require_sound(now)
        movie = await self._catalogue.require(movie_id)  # before the transaction: nothing remote waits inside one

        async def effect(uow: LibraryUnitOfWork) -> RecordViewingResponse:
            return RecordViewingResponse(viewing=viewing_message(await record_viewing(uow, user, movie, watched)))

        return await once(self._unit_of_work, call, request, RecordViewingResponse, effect)

    async def GetViewing(self, request: GetViewingRequest, call: Call) -> GetViewingResponse:
        user, movie_id = owner(request.name, call), ids_of(request.name)[1]
        viewing = await self._viewings.viewing(user, movie_id)
        if viewing is None:
            raise ViewingNotFound(user, movie_id)
        return GetViewingResponse(viewing=viewing_message(viewing))

    async def ListHistory(self, request: ListHistoryRequest, call: Call) -> ListHistoryResponse:
        user, size = owner(request.parent, call), paging.page_size(request.page_size)
        rows, token = cut(await self._viewings.page(user, size + 1, time_position(request)), size, request, _position)
        viewings, away = await with_cards([viewing_message(row) for row in rows], self._movies, call)
        return ListHistoryResponse(viewings=viewings, next_page_token=token, unavailable_parts=away)

    async def ListContinueWatching(self, request: ListContinueWatchingRequest, call: Call) -> ListContinueWatchingResponse:
        user, size = owner(request.parent, call), paging.page_size(request.page_size)
        rows, token = cut(await self._viewings.begun(user, size + 1, time_position(request)), size, request, _position)
        viewings, away = await with_cards([viewing_message(row) for row in rows], self._movies, call)
        return ListContinueWatchingResponse(viewings=viewings, next_page_token=token, unavailable_parts=away)

    async def RemoveFromHistory(self, request: RemoveFromHistoryRequest, call: Call) -> RemoveFromHistoryResponse:
        user, movie_id = owner(request.name, call), ids_of(request.name)[1]

        async def effect(uow: LibraryUnitOfWork) -> RemoveFromHistoryResponse:
            return RemoveFromHistoryResponse(viewing=viewing_message(await remove_viewing(uow, user, movie_id)))

        return await once(self._unit_of_work, call, request, RemoveFromHistoryResponse, effect)

    async def ClearHistory(self, request: ClearHistoryRequest, call: Call) -> ClearHistoryResponse:
        user = owner(request.parent, call)

        async def effect(uow: LibraryUnitOfWork) -> ClearHistoryResponse:
            return ClearHistoryResponse(remove_count=await clear_history(uow, user))

        return await once(self._unit_of_work, call, request, ClearHistoryResponse, effect)


def _position(viewing: Viewing) -> tuple[datetime, str]:
    return viewing.view_time, viewing.movie.movie
