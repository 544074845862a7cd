"""A movie of the movie context's contract, as this context keeps it."""

from library_service.domain.movies import CatalogueMovie
from mesh.timestamps import moment
from reelmesh.movie.v1.movie_pb2 import Movie


def catalogue_movie(message: Movie) -> CatalogueMovie:
    return CatalogueMovie(
        movie=message.name.removeprefix("movies/"),
        title=message.title,
        original_title=message.original_title,
        release_year=message.release_year,
        deleted=message.state == Movie.STATE_DELETED,
        update_time=moment(message.update_time),
    )
