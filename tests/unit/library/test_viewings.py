"""What a player's word makes of a viewing."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from library_service.domain.movies import KnownMovie
from library_service.domain.viewings import Viewing, Watched, first_viewing

START = datetime(2026, 1, 1, tzinfo=UTC)
MOVIE = KnownMovie("tt1")

words = st.builds(
    lambda minute, percent: Watched(timedelta(minutes=percent), timedelta(minutes=100), START + timedelta(minutes=minute)),
    st.integers(0, 10_000),
    st.integers(0, 100),
)


def after_all(said: list[Watched]) -> Viewing:
    viewing = first_viewing("alice", MOVIE, said[0])
    for watched in said[1:]:
        viewing = viewing.after(watched)
    return viewing


@given(st.lists(words, min_size=1, max_size=20))
def test_the_latest_word_counts_in_whichever_order_words_come(said: list[Watched]) -> None:
    latest = max(watched.time for watched in said)
    viewing = after_all(said)
    assert viewing.view_time == latest
    assert viewing.watched_share in {watched.share for watched in said if watched.time == latest}


@given(st.lists(words, min_size=1, max_size=20))
def test_a_movie_is_counted_each_time_it_is_finished_after_it_was_begun(said: list[Watched]) -> None:
    in_order = sorted(said, key=lambda watched: watched.time)
    finished = [watched.share >= 0.9 for watched in in_order]
    expected = sum(now and not before for before, now in zip([False, *finished], finished, strict=False))
    assert after_all(in_order).view_count == expected
