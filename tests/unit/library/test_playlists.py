"""Ranks between neighbours, and who reads a playlist."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library_service.domain.errors import PlaylistNotFound
from library_service.domain.playlists import GAP, LAST_RANK, Playlist, Reader, Visibility, rank_between, spread_ranks

RANKS = st.integers(-LAST_RANK, LAST_RANK)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@given(st.tuples(RANKS, RANKS).map(sorted))
def test_a_rank_between_two_is_between_them_or_there_is_no_room(neighbours: list[int]) -> None:
    before, after = neighbours
    rank = rank_between(before, after)
    assert after - before < 2 if rank is None else before < rank < after


@given(RANKS)
def test_a_rank_at_an_end_is_a_gap_away_or_ranks_have_ended(end: int) -> None:
    assert rank_between(end, None) == (end + GAP if end + GAP <= LAST_RANK else None)
    assert rank_between(None, end) == (end - GAP if end - GAP >= -LAST_RANK else None)


def test_a_gap_takes_forty_moves() -> None:
    rank: int | None = GAP
    moves = 0
    while (rank := rank_between(0, rank)) is not None:
        moves += 1
    assert moves == 40


@given(st.one_of(st.none(), RANKS), st.one_of(st.none(), RANKS), st.integers(1, 300))
def test_ranks_that_are_dealt_lie_between_the_neighbours_with_room_or_are_not_dealt(
    before: int | None, after: int | None, count: int
) -> None:
    ranks = spread_ranks(before, after, count)
    if before is not None and after is not None and after - before < count * 2**20:
        assert ranks is None
    if ranks is not None:
        low, high = (before if before is not None else -LAST_RANK), (after if after is not None else LAST_RANK)
        in_order = [low, *ranks, high]
        assert len(ranks) == count
        assert all(second - first >= 2**20 for first, second in pairwise(in_order))


@pytest.mark.parametrize(
    ("visibility", "reader", "reads"),
    [
        (Visibility.PRIVATE, Reader("alice", False), True),
        (Visibility.PRIVATE, Reader("bob", True), True),
        (Visibility.PRIVATE, Reader("bob", False), False),
        (Visibility.PRIVATE, Reader("", False), False),
        (Visibility.UNLISTED, Reader("", False), True),
        (Visibility.PUBLIC, Reader("bob", False), True),
    ],
)
def test_who_reads_a_playlist(visibility: Visibility, reader: Reader, reads: bool) -> None:
    playlist = Playlist(
        user="alice", playlist="best", title="Best", description="", visibility=visibility, create_time=NOW, update_time=NOW
    )
    if reads:
        playlist.require_readable_by(reader)
    else:
        with pytest.raises(PlaylistNotFound):
            playlist.require_readable_by(reader)
