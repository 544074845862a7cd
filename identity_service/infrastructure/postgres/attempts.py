"""Counters of tries, shared by all replicas and kept over restarts."""

from collections.abc import Sequence
from datetime import datetime

from identity_service.domain.throttling import Limit
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement

# One statement asks and counts, under the row's lock: of many tries at once no more pass than of many one after the other.
_TAKE = text_statement("""
    INSERT INTO attempts AS a (key, count, last_time, free_time, forget_time)
    VALUES (%(key)s, 1, %(now)s, %(now)s, %(now)s::timestamptz + %(memory)s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN a.forget_time <= %(now)s THEN 1 ELSE a.count + 1 END,
        last_time = %(now)s,
        free_time = CASE
            WHEN a.forget_time <= %(now)s OR a.count + 1 < %(free)s THEN %(now)s
            ELSE %(now)s::timestamptz + least(%(longest)s, make_interval(secs => 2.0 ^ least(a.count + 1 - %(free)s, 20)))
        END,
        forget_time = %(now)s::timestamptz + %(memory)s + %(longest)s
    WHERE a.free_time <= %(now)s
    RETURNING true
""")
_FREE_AT = text_statement("SELECT max(free_time) FROM attempts WHERE key = ANY (%(keys)s)")
_GIVE_BACK = text_statement("UPDATE attempts SET count = greatest(count - 1, 0), free_time = last_time WHERE key = ANY (%(keys)s)")


class _NotFree(Exception):  # not an error: how the block below leaves its transaction
    pass


class PostgresAttempts:
    """The port Attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, limits: Sequence[Limit], now: datetime) -> datetime | None:
        keys = [limit.key for limit in limits]
        try:
            async with self._database.transaction() as transaction:
                for limit in sorted(limits, key=lambda each: each.key):  # in one order, so that nobody deadlocks
                    allowance = limit.allowance
                    if not await transaction.fetch_one(
                        _TAKE, key=limit.key, now=now, free=allowance.free, longest=allowance.longest, memory=allowance.memory
                    ):
                        raise _NotFree
        except _NotFree:
            row = await self._database.fetch_one(_FREE_AT, keys=keys)
            return row[0] if row and row[0] else now
        return None

    async def give_back(self, limits: Sequence[Limit]) -> None:
        await self._database.execute(_GIVE_BACK, keys=[limit.key for limit in limits])
