"""Counters of tries, shared by all replicas."""

from collections.abc import Sequence
from datetime import datetime

from identity_service.domain.throttling import Limit
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

# One statement asks and counts. Nothing is counted while one of the keys is not free; and of many tries at once, which all find them free,
# the rows' locks let no more pass than of many one after the other. Keys are locked in one order, so that nobody deadlocks. Where there is
# no pause the time is -infinity: calls do not get here in the order of their clocks, and one that is late must not find it in its future.
_TAKE = text_statement("""
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(%(keys)s::bytea[], %(free)s::int[], %(longest)s::interval[], %(memory)s::interval[])
            AS g (key, free, longest, memory) ORDER BY key
    )
    INSERT INTO attempts AS a (key, count, free_time, forget_time)
    SELECT key, 1, '-infinity', %(now)s::timestamptz + memory + longest FROM given
    WHERE NOT EXISTS (SELECT FROM attempts WHERE key = ANY (%(keys)s) AND free_time > %(now)s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN a.forget_time <= %(now)s THEN 1 ELSE a.count + 1 END,
        free_time = CASE
            WHEN a.forget_time <= %(now)s THEN '-infinity'
            ELSE (
                SELECT CASE
                    WHEN a.count + 1 < free THEN '-infinity'
                    ELSE %(now)s::timestamptz + least(longest, make_interval(secs => 2.0 ^ least(a.count + 1 - free, 20)))
                END FROM given AS g WHERE g.key = a.key
            )
        END,
        forget_time = excluded.forget_time
    WHERE a.free_time <= %(now)s
    RETURNING true
""")
_FREE_AT = text_statement("SELECT greatest(max(free_time), %(now)s) FROM attempts WHERE key = ANY (%(keys)s)")
_GIVE_BACK = text_statement("""
    UPDATE attempts AS a SET count = greatest(a.count - 1, 0), free_time = '-infinity'
    FROM (SELECT key FROM attempts WHERE key = ANY (%(keys)s) ORDER BY key FOR UPDATE) AS taken WHERE a.key = taken.key
""")


class PostgresAttempts:
    """The port Attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, limits: Sequence[Limit], now: datetime) -> datetime | None:
        keys, allowances = [limit.key for limit in limits], [limit.allowance for limit in limits]
        taken = await self._database.fetch_all(
            _TAKE,
            keys=keys,
            free=[each.free for each in allowances],
            longest=[each.longest for each in allowances],
            memory=[each.memory for each in allowances],
            now=now,
        )
        if len(taken) == len(keys):
            return None
        row = await self._database.fetch_one(_FREE_AT, keys=keys, now=now)
        return row[0] if row else now


class PostgresTakenAttempts:
    """The port TakenAttempts."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def give_back(self, limits: Sequence[Limit]) -> None:
        await self._transaction.execute(_GIVE_BACK, keys=[limit.key for limit in limits])
