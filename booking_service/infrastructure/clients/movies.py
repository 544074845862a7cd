"""The movie context, as far as a programme asks for it: is there such a movie."""

import grpc

from booking_service.domain.errors import MovieNotFound
from booking_service.infrastructure.grpc.names import movie_name
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2 import BatchGetMoviesRequest
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub


class RemoteCatalogue:
    """The port Catalogue. In a batch of one: a movie that is not there is an answer, and no failure of the movie context."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = MovieServiceStub(channel)

    async def require(self, movie: str) -> None:
        response = await self._stub.BatchGetMovies(BatchGetMoviesRequest(names=[movie_name(movie)]))
        if not any(found.state == Movie.STATE_ACTIVE for found in response.movies):
            raise MovieNotFound(movie)
