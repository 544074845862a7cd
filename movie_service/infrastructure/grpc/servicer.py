"""MovieService: the catalogue itself, and the doors to its larger rooms."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from google.protobuf.message import Message

from mesh import paging
from mesh.call import Call
from mesh.field_masks import changed_fields
from mesh.ids import uuid7
from mesh.postgres.idempotency import once
from movie_service.application import commands
from movie_service.application.ports import Catalogue, Listing, Order, Position
from movie_service.domain.errors import MovieNotFound
from movie_service.domain.movie import Movie, movie_id_of, movie_name
from movie_service.infrastructure.grpc.answers import Answers
from movie_service.infrastructure.grpc.imports import ImportEndpoint
from movie_service.infrastructure.grpc.translate import facts_from_proto, movie_to_proto
from movie_service.infrastructure.postgres.unit_of_work import MovieUnitOfWork
from reelmesh.movie.v1 import movie_service_pb2 as pb

_EXPORT_PAGE = 500
R = TypeVar("R", bound=Message)


class SearchDoor(Protocol):
    async def SearchMovies(self, request: pb.SearchMoviesRequest, call: Call) -> pb.SearchMoviesResponse: ...


class DetailsDoor(Protocol):
    async def GetMovieDetails(self, request: pb.GetMovieDetailsRequest, call: Call) -> pb.GetMovieDetailsResponse: ...


class CardsDoor(Protocol):
    async def BatchGetMovieCards(self, request: pb.BatchGetMovieCardsRequest, call: Call) -> pb.BatchGetMovieCardsResponse: ...


class HomeDoor(Protocol):
    async def GetHome(self, request: pb.GetHomeRequest, call: Call) -> pb.GetHomeResponse: ...


class MovieServicer:
    """Named as the contract names it; `now` gives the time in UTC."""

    def __init__(
        self,
        unit_of_work: Callable[[], MovieUnitOfWork],
        catalogue: Catalogue,
        answers: Answers,
        *,
        search: SearchDoor,
        details: DetailsDoor,
        home: HomeDoor,
        cards: CardsDoor,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._unit_of_work, self._catalogue, self._answers, self._now = unit_of_work, catalogue, answers, now
        self._search, self._details, self._home, self._cards = search, details, home, cards
        self._import = ImportEndpoint(unit_of_work, answers, now)

    async def CreateMovie(self, request: pb.CreateMovieRequest, call: Call) -> pb.CreateMovieResponse:
        # Chosen here, so that a transaction that is run again creates the same movie.
        movie_id = request.movie_id or uuid7()

        async def effect(uow: MovieUnitOfWork) -> pb.CreateMovieResponse:
            movie = await commands.create_movie(uow, movie_id, facts_from_proto(request.movie), self._now())
            return pb.CreateMovieResponse(movie=movie_to_proto(movie))

        return await self._changing(movie_name(movie_id), once(self._unit_of_work, call, request, pb.CreateMovieResponse, effect))

    async def GetMovie(self, request: pb.GetMovieRequest, call: Call) -> pb.GetMovieResponse:
        name = request.name
        ready = self._answers.movies.ready(name)
        return ready if ready is not None else await self._answers.movies.get_or_load(name, lambda: self._loaded(name))

    async def BatchGetMovies(self, request: pb.BatchGetMoviesRequest, call: Call) -> pb.BatchGetMoviesResponse:
        found = await self._catalogue.find_many([movie_id_of(name) for name in request.names])
        response = pb.BatchGetMoviesResponse()
        for name in request.names:
            movie = found.get(movie_id_of(name))
            if movie is None:
                response.missing_names.append(name)
            else:
                response.movies.append(movie_to_proto(movie))
        return response

    async def BatchGetMovieCards(self, request: pb.BatchGetMovieCardsRequest, call: Call) -> pb.BatchGetMovieCardsResponse:
        return await self._cards.BatchGetMovieCards(request, call)

    async def ListMovies(self, request: pb.ListMoviesRequest, call: Call) -> pb.ListMoviesResponse:
        field, _, direction = request.order_by.partition(" ")
        listing = Listing(Order(field or "id"), direction == "desc", request.show_deleted)
        size = paging.page_size(request.page_size)
        movies = await self._catalogue.page(listing, _position(request, listing.order), size + 1)
        response = pb.ListMoviesResponse(movies=map(movie_to_proto, movies[:size]))
        if len(movies) > size:
            last = Position.of(movies[size - 1], listing.order)
            value = last.value.isoformat() if isinstance(last.value, datetime) else last.value
            response.next_page_token = paging.encode((value, last.id), request)
        return response

    async def UpdateMovie(self, request: pb.UpdateMovieRequest, call: Call) -> pb.UpdateMovieResponse:
        movie_id, fields = movie_id_of(request.movie.name), changed_fields(request.update_mask, request.movie, "movie")

        async def effect(uow: MovieUnitOfWork) -> pb.UpdateMovieResponse:
            facts = facts_from_proto(request.movie)
            movie = await commands.update_movie(uow, movie_id, facts, fields, request.movie.etag, self._now())
            return pb.UpdateMovieResponse(movie=movie_to_proto(movie))

        return await self._changing(request.movie.name, once(self._unit_of_work, call, request, pb.UpdateMovieResponse, effect))

    async def DeleteMovie(self, request: pb.DeleteMovieRequest, call: Call) -> pb.DeleteMovieResponse:
        async def effect(uow: MovieUnitOfWork) -> pb.DeleteMovieResponse:
            movie = await commands.delete_movie(uow, movie_id_of(request.name), request.etag, self._now())
            return pb.DeleteMovieResponse(movie=movie_to_proto(movie))

        return await self._changing(request.name, once(self._unit_of_work, call, request, pb.DeleteMovieResponse, effect))

    async def UndeleteMovie(self, request: pb.UndeleteMovieRequest, call: Call) -> pb.UndeleteMovieResponse:
        async def effect(uow: MovieUnitOfWork) -> pb.UndeleteMovieResponse:
            movie = await commands.undelete_movie(uow, movie_id_of(request.name), request.etag, self._now())
            return pb.UndeleteMovieResponse(movie=movie_to_proto(movie))

        return await self._changing(request.name, once(self._unit_of_work, call, request, pb.UndeleteMovieResponse, effect))

    async def SearchMovies(self, request: pb.SearchMoviesRequest, call: Call) -> pb.SearchMoviesResponse:
        return await self._search.SearchMovies(request, call)

    async def GetMovieDetails(self, request: pb.GetMovieDetailsRequest, call: Call) -> pb.GetMovieDetailsResponse:
        return await self._details.GetMovieDetails(request, call)

    async def GetHome(self, request: pb.GetHomeRequest, call: Call) -> pb.GetHomeResponse:
        return await self._home.GetHome(request, call)

    async def ImportMovies(self, requests: AsyncIterator[pb.ImportMoviesRequest], call: Call) -> pb.ImportMoviesResponse:
        return await self._import.import_movies(requests, call)

    async def ExportMovies(self, request: pb.ExportMoviesRequest, call: Call) -> AsyncIterator[pb.ExportMoviesResponse]:
        after: Position | None = None
        while movies := await self._catalogue.page(Listing(), after, _EXPORT_PAGE):
            for movie in movies:
                yield pb.ExportMoviesResponse(movie=movie_to_proto(movie))
            after = Position.of(movies[-1], Order.ID)

    async def _loaded(self, name: str) -> pb.GetMovieResponse:
        movie: Movie | None = await self._catalogue.find(movie_id_of(name))
        if movie is None:
            raise MovieNotFound(name)
        return pb.GetMovieResponse(movie=movie_to_proto(movie))

    async def _changing(self, name: str, change: Awaitable[R]) -> R:
        try:
            return await change
        finally:
            # Also after an error: a commit whose answer was lost may have happened.
            self._answers.movie_changed(name)


def _position(request: pb.ListMoviesRequest, order: Order) -> Position | None:
    kind = int if order is Order.RELEASE_YEAR else str
    decoded = paging.decode(request, (kind, str))
    if decoded is None:
        return None
    value, movie_id = decoded
    return Position(datetime.fromisoformat(str(value)) if order is Order.CREATE_TIME else value, str(movie_id))  # type: ignore[arg-type]  # decode checked the kinds
