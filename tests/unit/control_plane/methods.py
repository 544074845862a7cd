"""Methods of a small contract, apart from xDS, whose messages take a second to import."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SampleMethod:
    path: str
    context: str
    deadline: float = 1.0
    repeatable: bool = True


METHODS = (
    SampleMethod("/reelmesh.movie.v1.MovieService/GetMovie", "movie"),
    SampleMethod("/reelmesh.movie.v1.MovieService/CreateMovie", "movie", repeatable=False),
    SampleMethod("/reelmesh.movie.v1.MovieService/WatchMovies", "movie", deadline=0),
    SampleMethod("/reelmesh.rating.v1.RatingService/GetRating", "rating", deadline=0.5),
)
