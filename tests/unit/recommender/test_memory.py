"""What a replica keeps in memory: histories that are bounded, tastes that are never old, popularity that fades."""

import asyncio

import pytest

from recommender_service.domain.interactions import LIKED, Kind
from recommender_service.infrastructure.postgres.interest import POPULAR_HALF_LIFE
from recommender_service.infrastructure.serving.catalogue import KnownMovies, MovieRow
from recommender_service.infrastructure.serving.histories import RECORD, Histories
from recommender_service.infrastructure.serving.popularity import EVERYWHERE, Interest
from recommender_service.infrastructure.serving.tastes import Tastes


def row(number: int, *, active: bool = True, told: tuple[str, ...] = (), change: int = 0) -> MovieRow:
    return MovieRow(number, f"m{number}", active, ("drama",), told, 2000, "en", (), change)


def catalogue(count: int = 5) -> KnownMovies:
    movies = KnownMovies()
    movies.apply([row(number) for number in range(count)])
    return movies


def like(number: int, time: int = 0) -> bytes:
    return RECORD.pack(number, time, Kind.LIKE, 0)


def movies_of(histories: Histories, user: str) -> list[str] | None:
    events = histories.of(user)
    return None if events is None else [event.movie for event in events]


def test_a_movie_that_is_deleted_is_known_and_not_found() -> None:
    movies = catalogue()
    movies.apply([row(1, active=False)])
    assert (movies.knows("m1"), movies.find("m1"), len(movies)) == (True, None, 4)
    movies.apply([row(1, told=("war",))])
    found = movies.find("m1")
    assert found is not None
    assert found.genres == ("war",)


def test_records_of_the_database_and_later_events_make_one_history() -> None:
    histories = Histories(catalogue().id_of)
    histories.put("ann", like(1) + like(2))
    histories.add("ann", 3, Kind.LIKE, 0, 9.0)
    histories.add("bob", 4, Kind.DISLIKE, 0, 9.0)
    assert (movies_of(histories, "ann"), movies_of(histories, "bob"), movies_of(histories, "eve")) == (["m1", "m2", "m3"], ["m4"], None)
    assert histories.complete


def test_of_one_user_the_last_records_are_kept() -> None:
    histories = Histories(catalogue(100).id_of, most_of_one=3)
    for number in range(7):
        histories.add("ann", number, Kind.LIKE, 0, float(number))
    assert movies_of(histories, "ann") == ["m4", "m5", "m6"]
    histories.put("ann", b"".join(like(number) for number in range(10)))
    assert movies_of(histories, "ann") == ["m7", "m8", "m9"]


def test_beyond_the_bound_who_was_asked_for_longest_ago_is_forgotten_and_stays_so_until_read_again() -> None:
    histories = Histories(catalogue().id_of, most=3)
    for user in ("ann", "bob", "eve"):
        histories.add(user, 1, Kind.LIKE, 0, 0.0)
    assert movies_of(histories, "ann") == ["m1"]
    histories.add("eve", 2, Kind.LIKE, 0, 0.0)
    assert (movies_of(histories, "bob"), histories.complete) == (None, False)
    histories.add("bob", 2, Kind.LIKE, 0, 0.0)
    assert movies_of(histories, "bob") is None  # half a history is none
    assert movies_of(histories, "ann") == ["m1"]


async def test_a_forgotten_history_is_read_again_and_an_event_meanwhile_is_not_lost() -> None:
    histories = Histories(catalogue().id_of, most=1)
    histories.add("ann", 1, Kind.LIKE, 0, 0.0)
    histories.add("bob", 1, Kind.LIKE, 0, 0.0)
    stored = {"ann": like(1)}
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def read(user: str) -> bytes:
        found = stored.get(user, b"")
        reading.set()
        await go_on.wait()
        return found

    tastes = Tastes(histories, read)
    asked = asyncio.ensure_future(tastes.of("ann"))
    await reading.wait()
    stored["ann"] = like(1) + like(2, 5)  # committed after the read began …
    histories.add("ann", 2, Kind.LIKE, 0, 5.0)
    tastes.changed("ann")  # … and heard before it ended
    go_on.set()
    assert [opinion.movie for opinion in (await asked).opinions] == ["m1", "m2"]


async def test_a_taste_is_put_together_once_until_something_changes() -> None:
    histories = Histories(catalogue().id_of)

    async def read(user: str) -> bytes:
        raise AssertionError("nobody was forgotten")

    tastes = Tastes(histories, read)
    histories.add("ann", 1, Kind.RATING, 10, 0.0)
    first = await tastes.of("ann")
    assert [opinion.weight for opinion in first.opinions] == [LIKED]
    assert await tastes.of("ann") is first
    histories.add("ann", 2, Kind.RATING, 10, 1.0)
    tastes.changed("ann")
    assert len((await tastes.of("ann")).opinions) == 2
    assert (await tastes.of("")).opinions == (await tastes.of("stranger")).opinions == ()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_interest_halves_with_every_half_life_and_is_told_in_parts_of_the_first() -> None:
    interest = Interest(POPULAR_HALF_LIFE, 0.0, catalogue(), clock=Clock())
    interest.add("m1", "DE", 1.0, 0.0)
    interest.add("m2", "", 1.0, -POPULAR_HALF_LIFE)
    interest.add("m3", "DE", 1.0, -1e15)  # before there were films
    ranked = interest.ranked(EVERYWHERE)
    assert [each.movie for each in ranked] == ["m1", "m2", "m3"]
    assert [each.score for each in ranked[:2]] == pytest.approx([1.0, 0.5])
    assert [each.movie for each in interest.ranked("DE")] == ["m1", "m3"]
    assert (interest.knows("DE"), interest.knows("FR"), interest.ranked("FR")) == (True, False, [])
    assert interest.part_of("m2") == pytest.approx(0.5)


def test_a_ranking_is_kept_a_moment_but_never_past_a_change_of_the_catalogue() -> None:
    movies, clock = catalogue(), Clock()
    interest = Interest(POPULAR_HALF_LIFE, 0.0, movies, clock=clock)
    interest.add("m1", "", 1.0, 0.0)
    assert [each.movie for each in interest.ranked(EVERYWHERE)] == ["m1"]
    interest.add("m2", "", 2.0, 0.0)
    assert [each.movie for each in interest.ranked(EVERYWHERE)] == ["m1"]
    clock.now += 1.0
    assert [each.movie for each in interest.ranked(EVERYWHERE)] == ["m2", "m1"]
    movies.apply([row(2, active=False)])
    assert [each.movie for each in interest.ranked(EVERYWHERE)] == ["m1"]
