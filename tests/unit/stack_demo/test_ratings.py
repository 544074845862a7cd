"""The made-up ratings are the same every time and look like those of people."""

from collections import Counter
from itertools import groupby
from statistics import mean, pstdev

import pytest

from stack.demo.catalogue import Film, load
from stack.demo.ratings import BEGIN, END, FEWEST, MOST, DemoRating, generate

PINNED = ("demo-001", "tt0000417", 5.0, "2025-06-15T04:25:06+00:00")


@pytest.fixture(scope="module")
def films() -> tuple[Film, ...]:
    return load()


@pytest.fixture(scope="module")
def ratings(films: tuple[Film, ...]) -> list[DemoRating]:
    return list(generate(films))


def test_the_same_seed_gives_the_same_ratings_and_another_seed_others(films: tuple[Film, ...], ratings: list[DemoRating]) -> None:
    assert list(generate(films)) == ratings
    assert list(generate(films, seed=7)) != ratings


def test_a_user_does_not_depend_on_the_number_of_users(films: tuple[Film, ...], ratings: list[DemoRating]) -> None:
    few = list(generate(films, users=5))
    assert few == ratings[: len(few)]


def test_a_known_rating_is_the_one_it_has_always_been(films: tuple[Film, ...]) -> None:
    """Deterministic across machines and versions of Python, not only within one process."""
    one_film = next(generate(films[:1], seed=1, users=1))
    assert (one_film.user, one_film.movie_id, one_film.score, one_film.rated_at.isoformat()) == PINNED


def test_scores_lie_on_the_half_star_grid_and_use_all_of_it(ratings: list[DemoRating]) -> None:
    assert {rating.score for rating in ratings} == {half / 2 for half in range(1, 11)}


def test_scores_are_spread_like_those_of_people(ratings: list[DemoRating]) -> None:
    scores = [rating.score for rating in ratings]
    assert 3.3 <= mean(scores) <= 4.0
    assert 0.6 <= pstdev(scores) <= 1.2


def test_a_user_rates_a_film_once_and_between_15_and_120_films(ratings: list[DemoRating]) -> None:
    counts = Counter(rating.user for rating in ratings)
    assert len(counts) == 300
    assert set(counts) == {f"demo-{number:03}" for number in range(1, 301)}
    assert FEWEST <= min(counts.values()) <= max(counts.values()) <= MOST
    assert len({(rating.user, rating.movie_id) for rating in ratings}) == len(ratings)


def test_a_user_cannot_rate_more_films_than_there_are(films: tuple[Film, ...]) -> None:
    assert len(list(generate(films[:4], users=1))) == 4
    assert list(generate((), users=3)) == []


def test_popularity_is_skewed(films: tuple[Film, ...], ratings: list[DemoRating]) -> None:
    counts = sorted(Counter(rating.movie_id for rating in ratings).values(), reverse=True)
    tenth = len(films) // 10
    assert sum(counts[:tenth]) >= 0.25 * len(ratings)
    assert counts[0] >= 5 * counts[len(counts) // 2]


def test_every_film_is_rated_by_somebody(films: tuple[Film, ...], ratings: list[DemoRating]) -> None:
    assert {rating.movie_id for rating in ratings} == {film.id for film in films}


def test_times_span_years_and_never_precede_the_film(films: tuple[Film, ...], ratings: list[DemoRating]) -> None:
    years = {film.id: film.year for film in films}
    assert all(BEGIN <= rating.rated_at <= END for rating in ratings)
    assert all(rating.rated_at.year > years[rating.movie_id] for rating in ratings)
    assert len({rating.rated_at.year for rating in ratings}) >= 5
    for _, own in groupby(ratings, key=lambda rating: rating.user):
        times = [rating.rated_at for rating in own]
        assert times == sorted(times)


def test_users_differ_in_how_high_they_mark(ratings: list[DemoRating]) -> None:
    means = [mean(rating.score for rating in own) for _, own in groupby(ratings, key=lambda rating: rating.user)]
    assert pstdev(means) >= 0.25
