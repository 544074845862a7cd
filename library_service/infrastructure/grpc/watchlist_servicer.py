"""WatchlistService."""

from library_service.domain.marks import Mark
from library_service.infrastructure.clients.movies import RemoteMovies
from library_service.infrastructure.grpc.pages import with_cards
from library_service.infrastructure.grpc.shelves import ShelfEndpoint
from library_service.infrastructure.grpc.translate import watchlist_message
from mesh.call import Call
from reelmesh.library.v1.watchlist_service_pb2 import (
    AddToWatchlistRequest,
    AddToWatchlistResponse,
    GetWatchlistItemRequest,
    GetWatchlistItemResponse,
    ListWatchlistRequest,
    ListWatchlistResponse,
    RemoveFromWatchlistRequest,
    RemoveFromWatchlistResponse,
)


class WatchlistServicer:
    """`reelmesh.library.v1.WatchlistService`."""

    def __init__(self, shelf: ShelfEndpoint, movies: RemoteMovies) -> None:
        self._shelf, self._movies = shelf, movies

    async def AddToWatchlist(self, request: AddToWatchlistRequest, call: Call) -> AddToWatchlistResponse:
        def answer(mark: Mark) -> AddToWatchlistResponse:
            return AddToWatchlistResponse(item=watchlist_message(mark))

        return await self._shelf.add(request, request.name, call, AddToWatchlistResponse, answer)

    async def RemoveFromWatchlist(self, request: RemoveFromWatchlistRequest, call: Call) -> RemoveFromWatchlistResponse:
        def answer(mark: Mark) -> RemoveFromWatchlistResponse:
            return RemoveFromWatchlistResponse(item=watchlist_message(mark))

        return await self._shelf.remove(request, request.name, call, RemoveFromWatchlistResponse, answer)

    async def GetWatchlistItem(self, request: GetWatchlistItemRequest, call: Call) -> GetWatchlistItemResponse:
        return GetWatchlistItemResponse(item=watchlist_message(await self._shelf.get(request.name, call)))

    async def ListWatchlist(self, request: ListWatchlistRequest, call: Call) -> ListWatchlistResponse:
        marks, token = await self._shelf.page(request, request.parent, request.page_size, call)
        items, away = await with_cards([watchlist_message(mark) for mark in marks], self._movies, call)
        return ListWatchlistResponse(items=items, next_page_token=token, unavailable_parts=away)
