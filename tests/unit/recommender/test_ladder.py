"""The ladder: how lists are made of much, of little and of nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from recommender_service.application.ports import Ranked
from recommender_service.application.recommending import Recommending, Wish
from recommender_service.domain.interactions import NOBODY, Opinion, Taste, given_taste
from recommender_service.domain.recommendation import Filters, Level, Movie, Reason
from tests.unit.recommender.fakes import FakeCatalogue, FakeModel, FakePopularity

CATALOGUE = FakeCatalogue.of(a="drama", b="drama war", c="comedy", d="comedy", e="horror", f="war")
POPULARITY = FakePopularity(CATALOGUE, {"": "a b c d e f", "DE": "f e"})


RECOMMENDING = Recommending(POPULARITY, CATALOGUE)


def movies(made: object) -> list[str]:
    return [item.movie for item in made.items]  # type: ignore[attr-defined]  # a RecommendedList


def test_of_nobody_nothing_is_known_so_the_list_is_what_is_popular() -> None:
    made = RECOMMENDING.recommend(Wish(count=3), NOBODY, None)
    assert (movies(made), made.level, made.model_id) == (["a", "b", "c"], Level.POPULAR, "")
    assert {item.reason for item in made.items} == {Reason.POPULAR}


def test_a_region_goes_before_the_world_and_says_so() -> None:
    made = RECOMMENDING.recommend(Wish(count=4, region="DE"), NOBODY, None)
    assert [(item.movie, item.reason) for item in made.items] == [
        ("f", Reason.POPULAR_IN_REGION),
        ("e", Reason.POPULAR_IN_REGION),
        ("a", Reason.POPULAR),
        ("b", Reason.POPULAR),
    ]
    assert movies(RECOMMENDING.recommend(Wish(count=2, region="FR"), NOBODY, None)) == ["a", "b"]


def test_chosen_genres_make_a_list_with_and_without_a_model() -> None:
    made = RECOMMENDING.recommend(Wish(count=3, genres=("war",)), NOBODY, None)
    assert (movies(made)[:2], made.level) == (["b", "f"], Level.GENRES)
    assert (made.items[0].reason, made.items[0].genres) == (Reason.IN_YOUR_GENRES, ("war",))
    assert made.items[2].reason is Reason.POPULAR
    model = FakeModel("fb")
    assert RECOMMENDING.recommend(Wish(count=2, genres=("war",)), NOBODY, model).level is Level.GENRES
    assert model.asked == [("war",)]


def test_one_like_and_a_history_are_ranked_by_the_model() -> None:
    model = FakeModel("abcdef", because="a")
    one = RECOMMENDING.recommend(Wish(count=2), given_taste(["a"], []), model)
    assert (movies(one), one.level, one.model_id) == (["b", "c"], Level.ONE_LIKE, "m1")
    assert (one.items[0].reason, one.items[0].because_of) == (Reason.BECAUSE_YOU_LIKED, ("a",))
    assert RECOMMENDING.recommend(Wish(count=2), given_taste(["a", "b"], []), model).level is Level.HISTORY


def test_a_movie_that_came_after_the_training_is_new_for_the_genres_that_one_likes() -> None:
    made = RECOMMENDING.recommend(Wish(count=2), given_taste(["a"], []), FakeModel("abc", because="a", new="b"))
    assert (made.items[0].reason, made.items[0].genres) == (Reason.NEW_FOR_YOUR_GENRES, ("drama",))
    assert made.items[1].reason is Reason.BECAUSE_YOU_LIKED


def test_likes_without_a_model_count_by_their_genres() -> None:
    made = RECOMMENDING.recommend(Wish(count=1), given_taste(["f"], []), None)
    assert (movies(made), made.level) == (["b"], Level.GENRES)


def test_likes_that_no_model_and_no_catalogue_know_leave_what_is_popular() -> None:
    made = RECOMMENDING.recommend(Wish(count=2), given_taste(["unheard-of"], []), FakeModel("abc"))
    assert (movies(made), made.level) == (["a", "b"], Level.POPULAR)


def test_a_dislike_is_no_like() -> None:
    made = RECOMMENDING.recommend(Wish(count=2), given_taste([], ["a"]), FakeModel("abc"))
    assert (movies(made), made.level) == (["b", "c"], Level.POPULAR)


WISHES = st.builds(
    Wish,
    count=st.integers(1, 8),
    genres=st.lists(st.sampled_from(["drama", "war", "none"]), max_size=2, unique=True).map(tuple),
    filters=st.builds(
        Filters, genres=st.frozensets(st.sampled_from(["drama", "comedy"]), max_size=1), year_from=st.sampled_from([0, 1990, 2001])
    ),
    region=st.sampled_from(["", "DE", "FR"]),
    exclude=st.frozensets(st.sampled_from("abcdefx"), max_size=3),
)
TASTES = st.lists(
    st.builds(Opinion, st.sampled_from("abcdefx"), st.sampled_from([0.0, 0.3, 1.0]), st.just(0.0)), max_size=4, unique_by=lambda o: o.movie
).map(lambda opinions: Taste(tuple(opinions)))


@given(WISHES, TASTES, st.booleans())
def test_whatever_is_asked_a_list_is_in_order_and_has_nothing_twice_known_or_excluded(wish: Wish, taste: Taste, modelled: bool) -> None:
    # A model filters by itself, which the fake one does not: with one, the filters are left out.
    wish = replace(wish, filters=Filters()) if modelled else wish
    made = RECOMMENDING.recommend(wish, taste, FakeModel("abcdef") if modelled else None)
    listed = movies(made)
    assert len(listed) == len(set(listed)) <= wish.count
    assert not set(listed) & (wish.exclude | {opinion.movie for opinion in taste.opinions})
    assert [item.score for item in made.items] == sorted((item.score for item in made.items), reverse=True)
    assert all(CATALOGUE.movies[movie].passes(wish.filters) for movie in listed)
    left = [m for m in CATALOGUE.movies.values() if m.passes(wish.filters) and m.movie_id not in wish.exclude]
    assert len(listed) == min(wish.count, len([m for m in left if m.movie_id not in {o.movie for o in taste.opinions}]))


def test_similar_movies_share_genres_until_there_is_a_model_that_knows() -> None:
    alike, model_id = RECOMMENDING.similar("b", 5, None)
    assert ([each.movie for each in alike], model_id) == (["a", "f"], "")
    alike, model_id = RECOMMENDING.similar("b", 5, FakeModel("abc"))
    assert ([each.movie for each in alike], model_id) == (["a", "c"], "m1")
    assert RECOMMENDING.similar("unheard-of", 5, None)[0] == []


def test_nothing_popular_is_looked_through_for_a_movie_of_no_genre() -> None:
    looked_at: list[str] = []

    class Watched(FakePopularity):
        def popular(self, region: str, count: int, accept: Callable[[Movie], bool]) -> Sequence[Ranked]:
            looked_at.append(region)
            return super().popular(region, count, accept)

    ladder = Recommending(Watched(CATALOGUE, {"": "a b"}), CATALOGUE)
    assert ladder.similar("unheard-of", 5, None) == ([], "")
    assert not looked_at
    assert ladder.similar("b", 5, None)[0]
    assert looked_at == [""]
