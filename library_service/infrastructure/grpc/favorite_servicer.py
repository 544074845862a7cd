"""FavoriteService."""

from library_service.domain.marks import Mark
from library_service.infrastructure.clients.movies import RemoteMovies
from library_service.infrastructure.grpc.pages import with_cards
from library_service.infrastructure.grpc.shelves import ShelfEndpoint
from library_service.infrastructure.grpc.translate import favorite_message
from mesh.call import Call
from reelmesh.library.v1.favorite_service_pb2 import (
    AddFavoriteRequest,
    AddFavoriteResponse,
    GetFavoriteRequest,
    GetFavoriteResponse,
    ListFavoritesRequest,
    ListFavoritesResponse,
    RemoveFavoriteRequest,
    RemoveFavoriteResponse,
)


class FavoriteServicer:
    """`reelmesh.library.v1.FavoriteService`."""

    def __init__(self, shelf: ShelfEndpoint, movies: RemoteMovies) -> None:
        self._shelf, self._movies = shelf, movies

    async def AddFavorite(self, request: AddFavoriteRequest, call: Call) -> AddFavoriteResponse:
        def answer(mark: Mark) -> AddFavoriteResponse:
            return AddFavoriteResponse(favorite=favorite_message(mark))

        return await self._shelf.add(request, request.name, call, AddFavoriteResponse, answer)

    async def RemoveFavorite(self, request: RemoveFavoriteRequest, call: Call) -> RemoveFavoriteResponse:
        def answer(mark: Mark) -> RemoveFavoriteResponse:
            return RemoveFavoriteResponse(favorite=favorite_message(mark))

        return await self._shelf.remove(request, request.name, call, RemoveFavoriteResponse, answer)

    async def GetFavorite(self, request: GetFavoriteRequest, call: Call) -> GetFavoriteResponse:
        return GetFavoriteResponse(favorite=favorite_message(await self._shelf.get(request.name, call)))

    async def ListFavorites(self, request: ListFavoritesRequest, call: Call) -> ListFavoritesResponse:
        marks, token = await self._shelf.page(request, request.parent, request.page_size, call)
        favorites, away = await with_cards([favorite_message(mark) for mark in marks], self._movies, call)
        return ListFavoritesResponse(favorites=favorites, next_page_token=token, unavailable_parts=away)
