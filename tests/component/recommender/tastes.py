"""Made-up people with two tastes that a model can tell apart: small, seeded, quick to learn from."""

from random import Random

from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.rating.v1.rating_pb2 import Rating
from tests.component.recommender.telling import Telling, film

DRAMAS = [f"drama{number}" for number in range(20)]
COMEDIES = [f"comedy{number}" for number in range(20)]


def films() -> list[Movie]:
    return [film(movie, "drama") for movie in DRAMAS] + [film(movie, "comedy") for movie in COMEDIES]


def ratings(tell: Telling, users: int = 60) -> list[Rating]:
    """Even users like dramas and odd ones comedies; each knows a dozen, and a few of the others, which they mark low."""
    chance, found = Random(4), []
    for user in range(users):
        own, other = (DRAMAS, COMEDIES) if user % 2 == 0 else (COMEDIES, DRAMAS)
        found += [tell.rating(f"u{user}", movie, 2, "made-up") for movie in chance.sample(other, 3)]
        found += [tell.rating(f"u{user}", movie, 5, "made-up") for movie in chance.sample(own, 12)]
    return found
