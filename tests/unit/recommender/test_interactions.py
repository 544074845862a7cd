"""What interactions say of taste and of interest."""

from hypothesis import given
from hypothesis import strategies as st

from recommender_service.domain.interactions import DISLIKED, LIKED, WEAK, Event, Kind, Taste, given_taste, interest_of, taste_of


def opinions(*events: tuple[str, Kind, int, float]) -> dict[str, float]:
    return {opinion.movie: opinion.weight for opinion in taste_of([Event(*event) for event in events]).opinions}


def test_a_rating_of_four_stars_is_a_like_and_a_lower_one_a_weak_opinion() -> None:
    assert opinions(("a", Kind.RATING, 8, 1), ("b", Kind.RATING, 7, 2), ("c", Kind.RATING, 1, 3)) == {"a": LIKED, "b": WEAK, "c": WEAK}


def test_a_glance_is_no_opinion_and_a_movie_watched_to_the_end_is_a_like() -> None:
    found = opinions(("a", Kind.VIEW, 0, 1), ("b", Kind.CLICK, 0, 2), ("c", Kind.WATCH_PROGRESS, 69, 3), ("d", Kind.WATCH_PROGRESS, 70, 4))
    assert found == {"d": LIKED}


def test_the_last_opinion_counts_whatever_order_they_arrive_in() -> None:
    assert opinions(("a", Kind.DISLIKE, 0, 9), ("a", Kind.LIKE, 0, 1)) == {"a": DISLIKED}
    assert opinions(("a", Kind.LIKE, 0, 1), ("a", Kind.DISLIKE, 0, 9)) == {"a": DISLIKED}


def test_a_rating_taken_back_leaves_no_opinion_but_a_like_given_since_stays() -> None:
    assert opinions(("a", Kind.RATING, 10, 1), ("a", Kind.UNRATING, 0, 1)) == {}
    assert opinions(("a", Kind.RATING, 2, 1), ("a", Kind.LIKE, 0, 2), ("a", Kind.UNRATING, 0, 3)) == {"a": LIKED}


def test_a_taste_given_in_a_request_has_the_latest_like_last_and_the_dislikes_too() -> None:
    taste = given_taste(["a", "b"], ["c"])
    assert [opinion.movie for opinion in taste.likes] == ["a", "b"]
    assert taste.likes[0].time < taste.likes[1].time
    assert {opinion.movie: opinion.weight for opinion in taste.opinions}["c"] == DISLIKED


EVENTS = st.lists(
    st.builds(Event, st.sampled_from("abc"), st.sampled_from(list(Kind)), st.integers(0, 100), st.integers(0, 50).map(float)), max_size=30
)


@given(EVENTS)
def test_a_taste_has_one_opinion_for_each_movie_in_the_order_of_time(events: list[Event]) -> None:
    taste: Taste = taste_of(events)
    movies, times = [opinion.movie for opinion in taste.opinions], [opinion.time for opinion in taste.opinions]
    assert len(set(movies)) == len(movies)
    assert times == sorted(times)
    assert all(0 <= opinion.weight <= LIKED for opinion in taste.opinions)


@given(EVENTS)
def test_hearing_an_event_twice_changes_nothing(events: list[Event]) -> None:
    twice = [event for event in events for _ in range(2)]
    assert taste_of(twice) == taste_of(events)


def test_interest_is_never_negative() -> None:
    assert all(interest_of(kind, value) >= 0 for kind in Kind for value in range(101))
    assert interest_of(Kind.DISLIKE, 0) == interest_of(Kind.UNRATING, 0) == 0
