"""How much a user has of what is limited, counted under a lock of its own."""

from collections.abc import Callable, Collection, Sequence
from enum import IntEnum
from typing import TypeVar

from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

T = TypeVar("T")

# Makes the row if there is none; either way it is locked, and holds what the last one who had the lock has committed.
_LOCK = text_statement("""
    INSERT INTO collections AS c (user_id, kind, item_count) VALUES (%(user)s, %(kind)s, 0)
    ON CONFLICT (user_id, kind) DO UPDATE SET item_count = c.item_count RETURNING item_count
""")
_CHANGE = text_statement("UPDATE collections SET item_count = item_count + %(by)s WHERE user_id = %(user)s AND kind = %(kind)s")


class Kind(IntEnum):
    """What is counted; the numbers are stored."""

    WATCHLIST = 1
    FAVORITES = 2
    HISTORY = 3
    PLAYLISTS = 4


class Counted:
    """One collection of a user, inside a transaction."""

    def __init__(self, transaction: Transaction, user: str, kind: Kind) -> None:
        self._transaction, self._key = transaction, {"user": user, "kind": int(kind)}

    async def lock(self) -> int:
        """How many there are; nobody else changes that until this transaction ends."""
        row = await self._transaction.fetch_one(_LOCK, **self._key)
        assert row is not None  # noqa: S101  # an upsert without a condition gives back its row
        return int(row[0])

    async def change(self, by: int) -> None:
        if by:
            await self._transaction.execute(_CHANGE, **self._key, by=by)


def fitting(wanted: Sequence[T], there: Collection[str], room: int, movie_of: Callable[[T], str]) -> tuple[list[T], list[str]]:
    """Those that are not there yet, as many as there is room for, and the movies of the others."""
    new = [each for each in wanted if movie_of(each) not in there]
    return new[: max(0, room)], [movie_of(each) for each in new[max(0, room) :]]
