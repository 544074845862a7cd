"""A user who is erased is gone from the database and from the memory of a replica, and late events bring nobody back."""

from itertools import count
from typing import Any

from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from recommender_service.infrastructure.personal_data import RecommenderData
from reelmesh.recommender.v1.recommender_service_pb2 import RecommendMoviesRequest, RecommendMoviesResponse
from tests.component.recommender.telling import Telling, film, soon
from tests.services import token

_LEFT = text_statement("SELECT (SELECT count(*) FROM interactions), (SELECT count(*) FROM users)")
# As an experiment of two models that nobody trained would leave it.
_SHOWN = text_statement("""
    WITH model AS (
        INSERT INTO models VALUES ('m1', 1, '', '{}', '{}', 0, 0, 0, NULL, now(), NULL) RETURNING model_id
    ), experiment AS (
        INSERT INTO experiments SELECT 'e1', 1, '', model_id, 0.5, 60, 1, '', now(), NULL FROM model RETURNING experiment_id
    )
    INSERT INTO exposures
    SELECT 'alice', experiment_id, now(), false, ARRAY(SELECT movie_no FROM movies WHERE movie_id = 'tt0') FROM experiment
""")
_NUMBERS = count()
FILMS = [film(f"tt{number}", "drama") for number in range(8)]


def newcomer() -> str:
    """Somebody new each time: the list of one who asks again is kept for some seconds."""
    return f"newcomer-{next(_NUMBERS)}"


async def recommended(recommender: Any, user: str) -> list[str]:
    response: RecommendMoviesResponse = await recommender.RecommendMovies(RecommendMoviesRequest(), metadata=token(f"users/{user}"))
    return [each.movie for each in response.recommendations]


async def erase(running: RunningService, user: str) -> int:
    database = running.foundation.database
    async with database.transaction() as transaction:
        return await RecommenderData(database).erase(transaction, user)


async def exported(running: RunningService, user: str) -> list[Any]:
    return [document async for _, documents in RecommenderData(running.foundation.database).export(user) for document in documents]


async def test_an_erased_user_is_a_newcomer_in_every_replica_and_stays_one(
    running: RunningService, recommender: Any, tell: Telling
) -> None:
    await tell.movies(*FILMS)
    await tell.rated("bob", tt0=5, tt1=5)
    await tell.rated("alice", tt2=5, tt3=1)
    await soon(lambda: recommended(recommender, newcomer()), lambda found: "movies/tt2" in found)
    assert "movies/tt2" not in await recommended(recommender, "alice")
    assert [(each["movie"], each["value"]) for each in await exported(running, "alice")] == [("movies/tt2", 10), ("movies/tt3", 2)]
    assert await erase(running, "alice") == 2
    await soon(lambda: recommended(recommender, "alice"), lambda found: "movies/tt2" in found)
    await tell.unrated("alice", "tt2")
    await tell.rated("alice", tt4=5)
    assert await exported(running, "alice") == []
    assert await running.foundation.database.fetch_one(_LEFT) == (2, 1)


async def test_lists_that_experiments_have_shown_are_exported_and_erased(running: RunningService, tell: Telling) -> None:
    await tell.movies(*FILMS)
    await running.foundation.database.execute(_SHOWN)
    (shown,) = await exported(running, "alice")
    assert (shown["experiment"], shown["arm"], shown["movies"]) == ("experiments/e1", "control", ["movies/tt0"])
    assert await erase(running, "alice") == 1
    assert await exported(running, "alice") == []


async def test_replicas_go_on_following_after_the_last_interactions_are_gone(
    running: RunningService, recommender: Any, tell: Telling
) -> None:
    """The numbers that they follow end with rows that are not there any more."""
    await tell.movies(*FILMS)
    await tell.rated("alice", tt0=5)
    await erase(running, "alice")
    await tell.rated("bob", tt1=5, tt2=5)
    await soon(lambda: recommended(recommender, newcomer()), lambda found: {"movies/tt1", "movies/tt2"} <= set(found))
