"""Rating, taking back, reading and listing over gRPC."""

from typing import Any

import pytest

from reelmesh.rating.v1.rating_pb2 import ScoreCount
from reelmesh.rating.v1.rating_service_pb2 import (
    BatchGetRatingsRequest,
    BatchGetRatingSummariesRequest,
    GetRatingRequest,
    GetTasteSimilarityRequest,
    ListRatingsRequest,
    ListTopRatedRequest,
    UnrateMovieRequest,
)
from tests.component.known_movies import KnownMovies
from tests.component.rating.asking import given, rate, stream, summary_of
from tests.services import admin, failure, token


async def test_a_rating_is_the_callers_and_can_be_read_by_everyone(ratings: Any) -> None:
    rating = await rate(ratings, "tt1", "alice", 4.5)
    assert (rating.name, rating.movie, rating.user) == ("movies/tt1/ratings/alice", "movies/tt1", "users/alice")
    assert (rating.score, rating.source) == (4.5, "")
    assert (await ratings.GetRating(GetRatingRequest(name=rating.name))).rating == rating


async def test_rating_again_changes_the_rating_and_counts_once(ratings: Any) -> None:
    first = await rate(ratings, "tt1", "alice", 0.5)
    again = await rate(ratings, "tt1", "alice", 5)
    assert again.create_time == first.create_time
    assert again.update_time.ToDatetime() > first.update_time.ToDatetime()
    summary = await summary_of(ratings, "tt1")
    assert (summary.count, summary.mean) == (1, 5.0)


async def test_the_same_score_again_changes_nothing(ratings: Any) -> None:
    first = await rate(ratings, "tt1", "alice", 3)
    before = await summary_of(ratings, "tt1")
    assert await rate(ratings, "tt1", "alice", 3) == first
    assert await summary_of(ratings, "tt1") == before


async def test_a_rating_taken_back_is_gone_and_no_longer_counted(ratings: Any) -> None:
    await rate(ratings, "tt1", "alice", 2)
    kept = await rate(ratings, "tt1", "bob", 4)
    gone = (await ratings.UnrateMovie(UnrateMovieRequest(name="movies/tt1"), metadata=token())).rating
    assert (gone.user, gone.score) == ("users/alice", 2)
    assert (await failure(ratings.GetRating(GetRatingRequest(name=gone.name)))).reason == "RATING_NOT_FOUND"
    assert list((await ratings.ListRatings(ListRatingsRequest(parent="movies/tt1"))).ratings) == [kept]
    assert (await summary_of(ratings, "tt1")).mean == 4


async def test_a_request_sent_again_has_one_effect_and_the_same_answer(ratings: Any) -> None:
    first = await rate(ratings, "tt1", "alice", 1, request_id="r1")
    await rate(ratings, "tt1", "alice", 5)
    assert await rate(ratings, "tt1", "alice", 1, request_id="r1") == first
    assert (await summary_of(ratings, "tt1")).mean == 5


async def test_a_summary_has_count_mean_bayesian_mean_and_ten_buckets(ratings: Any) -> None:
    for user, score in (("a", 0.5), ("b", 5), ("c", 5)):
        await rate(ratings, "tt1", user, score)
    summary = await summary_of(ratings, "tt1")
    assert (summary.count, summary.mean) == (3, 3.5)
    assert summary.bayesian_mean == (10 * 3.5 + 10.5) / 13
    counts = {0.5: 1, 5.0: 2}
    assert list(summary.histogram) == [ScoreCount(score=half / 2, count=counts.get(half / 2, 0)) for half in range(1, 11)]


async def test_a_movie_that_nobody_rated_has_an_empty_summary_without_a_time(ratings: Any) -> None:
    never = await summary_of(ratings, "tt1")
    assert (never.name, never.count, never.mean, len(never.histogram)) == ("movies/tt1/ratingSummary", 0, 0, 0)
    assert not never.HasField("update_time")
    await rate(ratings, "tt1", "alice", 2)
    await ratings.UnrateMovie(UnrateMovieRequest(name="movies/tt1"), metadata=token())
    no_longer = await summary_of(ratings, "tt1")
    assert (no_longer.count, no_longer.mean, len(no_longer.histogram)) == (0, 0, 0)
    assert no_longer.HasField("update_time")


async def test_many_summaries_come_in_the_order_of_their_names_also_of_unrated_movies(ratings: Any) -> None:
    await rate(ratings, "tt1", "alice", 2)
    await rate(ratings, "tt3", "alice", 4)
    names = [f"movies/{movie}/ratingSummary" for movie in ("tt3", "tt2", "tt1")]
    summaries = (await ratings.BatchGetRatingSummaries(BatchGetRatingSummariesRequest(names=names))).summaries
    assert [(summary.name, summary.mean) for summary in summaries] == list(zip(names, (4, 0, 2), strict=True))


async def test_many_ratings_come_in_the_order_of_their_names_and_those_that_are_missing_are_named(ratings: Any) -> None:
    mine, other = await rate(ratings, "tt1", "alice", 2), await rate(ratings, "tt2", "bob", 4)
    missing = ["movies/tt1/ratings/bob", "movies/tt2/ratings/alice"]
    found = await ratings.BatchGetRatings(BatchGetRatingsRequest(names=[missing[0], other.name, missing[1], mine.name]))
    assert (list(found.ratings), list(found.missing_names)) == ([other, mine], missing)


@pytest.mark.parametrize("parent", ["movies/m0", "users/u0"])
async def test_pages_of_ratings_join_to_the_whole_list_latest_first(ratings: Any, parent: str) -> None:
    # Equal times on purpose: the key has to break the tie.
    whole = [given(f"m{movie}", f"u{user}", 3, seconds=1_000 + (movie + user) // 3) for movie in range(8) for user in range(8)]
    await ratings.ImportRatings(stream(whole), metadata=admin())
    found, token_ = [], ""
    while True:
        page = await ratings.ListRatings(ListRatingsRequest(parent=parent, page_size=3, page_token=token_))
        found += list(page.ratings)
        token_ = page.next_page_token
        if not token_:
            break
    assert found == list((await ratings.ListRatings(ListRatingsRequest(parent=parent))).ratings)
    assert len({rating.name for rating in found}) == 8
    times = [rating.update_time.seconds for rating in found]
    assert times == sorted(times, reverse=True)


async def test_the_top_list_is_ordered_by_bayesian_mean_and_pages_join(ratings: Any) -> None:
    given_ratings = [given(f"m{movie}", f"u{user}", 0.5 + (movie * 7 + user) % 10 / 2) for movie in range(12) for user in range(movie + 1)]
    await ratings.ImportRatings(stream(given_ratings), metadata=admin())
    found, token_ = [], ""
    while True:
        page = await ratings.ListTopRated(ListTopRatedRequest(page_size=5, page_token=token_, min_rating_count=3))
        found += list(page.summaries)
        token_ = page.next_page_token
        if not token_:
            break
    assert {summary.name for summary in found} == {f"movies/m{movie}/ratingSummary" for movie in range(2, 12)}
    means = [summary.bayesian_mean for summary in found]
    assert means == sorted(means, reverse=True)


async def test_similarity_is_the_correlation_over_common_movies(ratings: Any) -> None:
    scores = {"a": (1, 2, 3, 4), "same": (2, 3, 4, 5), "opposite": (5, 4, 3, 2), "flat": (3, 3, 3, 3)}
    whole = [given(f"m{movie}", user, score) for user, row in scores.items() for movie, score in enumerate(row)]
    await ratings.ImportRatings(stream([*whole, given("other", "stranger", 5)]), metadata=admin())

    async def similarity(other: str) -> tuple[float, int, float]:
        request = GetTasteSimilarityRequest(user="users/a", other_user=f"users/{other}")
        found = (await ratings.GetTasteSimilarity(request, metadata=token())).similarity
        return round(found.score, 9), found.support, found.confidence

    assert await similarity("same") == (1, 4, 4 / 29)
    assert await similarity("opposite") == (-1, 4, 4 / 29)
    assert await similarity("flat") == (0, 4, 4 / 29)
    assert await similarity("stranger") == (0, 0, 0)


async def test_the_movie_context_is_asked_once_for_a_movie(ratings: Any, movies: KnownMovies) -> None:
    for user in ("a", "b", "c"):
        await rate(ratings, "tt1", user, 4)
    assert movies.asked == ["movies/tt1"]
