"""Lists without a model: what is popular, chosen genres, filters, and what must never be in a list."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from reelmesh.recommender.v1.recommender_pb2 import LEVEL_GENRES, LEVEL_POPULAR, Interaction, Recommendation
from reelmesh.recommender.v1.recommender_service_pb2 import (
    BatchListSimilarMoviesRequest,
    ExplainRecommendationRequest,
    ListSimilarMoviesRequest,
    ListTrendingMoviesRequest,
    ListTrendingMoviesResponse,
    RecommendMoviesRequest,
    RecommendMoviesResponse,
    RecordInteractionsRequest,
)
from tests.component.recommender.telling import NOW, Telling, film, soon
from tests.services import token


@pytest.fixture(autouse=True)
async def catalogue(tell: Telling, recommender: Any) -> None:
    """a is liked by three, b by two, c by one; d, in another language and year, by nobody who matters."""
    await tell.movies(film("a", "drama"), film("b", "drama", "war"), film("c", "comedy"), film("d", "war", year=1950, language="de-AT"))
    await tell.rated("u1", a=5, b=5, c=5, d=1)
    await tell.rated("u2", a=5, b=4)
    await tell.rated("u3", a=4.5)
    await soon(lambda: ask(recommender), lambda answer: movies(answer) == ["a", "b", "c", "d"])


async def ask(stub: Any, caller: Any = (), **wish: Any) -> RecommendMoviesResponse:
    answer: RecommendMoviesResponse = await stub.RecommendMovies(RecommendMoviesRequest(**wish), metadata=caller)
    return answer


async def trending_of(stub: Any, **asked: Any) -> ListTrendingMoviesResponse:
    answer: ListTrendingMoviesResponse = await stub.ListTrendingMovies(ListTrendingMoviesRequest(**asked))
    return answer


def movies(answer: Any) -> list[str]:
    listed = answer.recommendations if isinstance(answer, RecommendMoviesResponse) else answer.movies
    return [each.movie.removeprefix("movies/") for each in listed]


async def test_a_stranger_gets_what_is_popular(recommender: Any) -> None:
    answer = await ask(recommender, token("users/stranger"), count=2)
    assert (movies(answer), answer.level, answer.model) == (["a", "b"], LEVEL_POPULAR, "")
    assert {each.reason for each in answer.recommendations} == {Recommendation.REASON_POPULAR}


async def test_seen_and_low_rated_movies_never_come_back(recommender: Any) -> None:
    assert movies(await ask(recommender, token("users/u1"))) == []
    assert movies(await ask(recommender, token("users/u3"))) == ["b", "c", "d"]


async def test_each_filter_restricts_and_what_is_excluded_is_left_out(recommender: Any, tell: Telling) -> None:
    assert movies(await ask(recommender, genres=["war"])) == ["b", "d"]
    assert movies(await ask(recommender, year_from=1960)) == ["a", "b", "c"]
    assert movies(await ask(recommender, year_to=1960)) == ["d"]
    assert movies(await ask(recommender, language_codes=["de"])) == ["d"]
    assert movies(await ask(recommender, exclude=["movies/a", "movies/c"])) == ["b", "d"]
    await tell.metadata("c", countries=["FR"], genres=["farce"])
    found = await soon(lambda: ask(recommender, country_codes=["FR"]), lambda answer: answer.recommendations)
    assert movies(found) == ["c"]
    assert movies(await ask(recommender, genres=["farce"])) == ["c"]
    assert movies(await ask(recommender, genres=["comedy"])) == []


async def test_unknown_movies_are_named_and_are_no_error(recommender: Any) -> None:
    answer = await ask(recommender, liked_movies=["movies/x", "movies/f1"], disliked_movies=["movies/a"], exclude=["movies/y"])
    assert list(answer.unknown_movies) == ["movies/x", "movies/f1", "movies/y"]
    assert movies(answer) == ["b", "c", "d"]


async def test_chosen_genres_come_first(recommender: Any) -> None:
    answer = await ask(recommender, favourite_genres=["war"], count=3)
    assert (movies(answer), answer.level) == (["b", "d", "a"], LEVEL_GENRES)
    assert answer.recommendations[0].reason == Recommendation.REASON_IN_YOUR_GENRES
    assert list(answer.recommendations[0].genres) == ["war"]


async def test_an_event_changes_the_next_list(recommender: Any, tell: Telling) -> None:
    caller = token("users/u3")
    assert "b" in movies(await ask(recommender, caller))
    await tell.rated("u3", b=2)
    await soon(lambda: ask(recommender, caller), lambda answer: "b" not in movies(answer), seconds=1.0)
    await tell.unrated("u3", "b")
    await soon(lambda: ask(recommender, caller), lambda answer: "b" in movies(answer), seconds=1.0)


async def test_a_deleted_movie_vanishes_and_comes_back(recommender: Any, tell: Telling) -> None:
    await tell.deleted(film("a"))
    await soon(lambda: ask(recommender), lambda answer: "a" not in movies(answer), seconds=1.0)
    await tell.undeleted(film("a", "drama"))
    await soon(lambda: ask(recommender), lambda answer: "a" in movies(answer), seconds=1.0)


async def test_a_purge_takes_back_what_was_imported_and_nothing_else(recommender: Any, tell: Telling) -> None:
    caller = token("users/guest")
    await tell.imported("demo", [tell.rating("guest", "a", 5, "demo"), tell.rating("guest", "b", 5, "demo")])
    await tell.rated("guest", b=3)  # the user's own word since
    await soon(lambda: ask(recommender, caller), lambda answer: movies(answer) == ["c", "d"])
    await tell.purged("demo")
    await soon(lambda: ask(recommender, caller), lambda answer: movies(answer) == ["a", "c", "d"])
    await tell.purged("demo")
    await tell.rated("guest", c=3)
    await soon(lambda: ask(recommender, caller), lambda answer: movies(answer) == ["a", "d"])


async def test_trending_is_by_region_and_falls_back_to_the_world(recommender: Any) -> None:
    here = RecordInteractionsRequest(
        interactions=[Interaction(movie="movies/c", kind=Interaction.KIND_LIKE)], region_code="DE", request_id="r"
    )
    await recommender.RecordInteractions(iter([here]), metadata=token("users/local"))

    async def trending(region: str = "") -> ListTrendingMoviesResponse:
        return await trending_of(recommender, region_code=region)

    local = await soon(lambda: trending("DE"), lambda answer: movies(answer) == ["c"])
    assert local.movies[0].score == 1.0
    world = await soon(trending, lambda answer: movies(answer)[0] == "c")
    assert await trending("FR") == world
    popular = await ask(recommender, region_code="DE", count=2)
    assert movies(popular) == ["c", "a"]
    assert popular.recommendations[0].reason == Recommendation.REASON_POPULAR_IN_REGION


async def test_what_was_trending_can_be_replayed(recommender: Any) -> None:
    """A moment after the ratings of the catalogue, and one before the last of them."""

    async def as_of(seconds: int) -> ListTrendingMoviesResponse:
        return await trending_of(recommender, as_of=Timestamp(seconds=seconds))

    whole = await trending_of(recommender)
    assert movies(await as_of(NOW + 3600)) == movies(whole)
    for then, now in zip((await as_of(NOW + 3600)).movies, whole.movies, strict=True):
        assert then.score == pytest.approx(now.score)
    assert movies(await as_of(NOW + 1)) == ["a"]
    assert movies(await as_of(NOW - 1)) == []


async def test_lists_have_pages_that_neither_repeat_nor_skip(recommender: Any) -> None:
    for name, request in (("Similar", ListSimilarMoviesRequest(parent="movies/b")), ("Trending", ListTrendingMoviesRequest())):
        method = getattr(recommender, f"List{name}Movies")
        whole, found = await method(request), []
        request.page_size = 1
        while True:
            page = await method(request)
            found += movies(page)
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        assert found == movies(whole)
        assert len(found) > 1
    assert movies(await recommender.ListSimilarMovies(ListSimilarMoviesRequest(parent="movies/none"))) == []


async def test_lists_of_similar_movies_in_a_batch_are_those_that_are_listed_one_by_one(recommender: Any) -> None:
    parents = ["movies/b", "movies/none", "movies/a"]
    answer = await recommender.BatchListSimilarMovies(BatchListSimilarMoviesRequest(parents=parents, page_size=1))
    assert [each.movie for each in answer.lists] == parents
    alone = [await recommender.ListSimilarMovies(ListSimilarMoviesRequest(parent=parent, page_size=1)) for parent in parents]
    assert [list(each.movies) for each in answer.lists] == [list(each.movies) for each in alone]
    assert [len(each.movies) for each in answer.lists] == [1, 0, 1]


async def test_without_a_model_only_popularity_explains(recommender: Any) -> None:
    answer = await recommender.ExplainRecommendation(ExplainRecommendationRequest(name="movies/a"), metadata=token("users/u1"))
    assert [part.score for part in answer.contributions] == [1.0]
    assert (answer.hidden, answer.level) == (True, LEVEL_POPULAR)
