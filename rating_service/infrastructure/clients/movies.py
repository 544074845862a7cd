"""The movie context, as far as ratings ask for it: is there such a movie?"""

from collections.abc import Awaitable, Callable

from mesh.cache import Cache
from rating_service.domain.errors import MovieNotFound
from reelmesh.movie.v1.events_pb2 import MovieDeleted
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2 import BatchGetMoviesRequest, BatchGetMoviesResponse

_MOVIES = 50_000
_SECONDS = 300.0


class RemoteMovieDirectory:
    """The port MovieDirectory, over the mesh. Movies that are there are remembered until `forget` or `forget_all`; missing ones are not."""

    def __init__(self, get_movies: Callable[[BatchGetMoviesRequest], Awaitable[BatchGetMoviesResponse]]) -> None:
        self._get_movies = get_movies
        self._known: Cache[str, bool] = Cache(_MOVIES, _SECONDS, name="known_movies")

    async def require(self, movie: str) -> None:
        await self._known.get_or_load(movie, lambda: self._ask(movie))

    def forget(self, event: MovieDeleted, _meta: object) -> None:
        self._known.invalidate(event.movie.name.removeprefix("movies/"))

    def forget_all(self) -> None:
        self._known.clear()

    async def _ask(self, movie: str) -> bool:
        # In a batch, where one that is missing is an answer: gRPC's outlier ejection takes NOT_FOUND for a failure of the instance.
        found = (await self._get_movies(BatchGetMoviesRequest(names=[f"movies/{movie}"]))).movies
        if not found or found[0].state == Movie.STATE_DELETED:
            raise MovieNotFound(movie)
        return True
