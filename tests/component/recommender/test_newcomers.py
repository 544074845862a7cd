"""A movie that came after the training moves to where its likers' other movies are, and back when they think better of it."""

from pathlib import Path
from typing import Any

from mesh.server import RunningService
from recommender_service.domain.models import ModelState
from reelmesh.recommender.v1.recommender_service_pb2 import ListSimilarMoviesRequest, RecommendMoviesRequest
from tests.component.recommender.shelf import put_model
from tests.component.recommender.tastes import films, ratings
from tests.component.recommender.telling import Telling, film, soon
from tests.services import token


async def test_likes_move_a_new_movie(running: RunningService, recommender: Any, tell: Telling, models_dir: Path) -> None:
    await tell.movies(*films())
    await tell.imported("made-up", ratings(tell))
    await put_model(running.foundation.database, models_dir, "one", ModelState.ACTIVE)

    async def similar() -> list[str]:
        answer = await recommender.ListSimilarMovies(ListSimilarMoviesRequest(parent="movies/fresh", page_size=5))
        return [each.movie.removeprefix("movies/").rstrip("0123456789") for each in answer.movies] if answer.model else ["no model"]

    async def score() -> float | None:
        """For somebody who likes dramas."""
        answer = await recommender.RecommendMovies(RecommendMoviesRequest(count=100), metadata=token("users/u0"))
        return {each.movie: each.score for each in answer.recommendations}.get("movies/fresh")

    await tell.movies(film("fresh", year=0))  # nothing is known of it
    await soon(similar, lambda found: found == [])
    assert await soon(score, lambda found: found is not None) == 0
    for user in range(2, 26, 2):  # they like dramas
        await tell.rated(f"u{user}", fresh=5)
    await soon(similar, lambda found: found == ["drama"] * 5)
    await soon(score, lambda found: found is not None and found > 0.1)

    for user in range(2, 26, 2):
        await tell.unrated(f"u{user}", "fresh")
    await soon(similar, lambda found: found == [])
