"""What a replica reads: everything when it starts, and what has changed since."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Connection, Row
from recommender_service.domain.experiments import ExperimentState
from recommender_service.domain.models import ModelState
from recommender_service.infrastructure.postgres.interest import LIKES, POPULAR_HALF_LIFE, TELLS_OF_TASTE, TRENDING_HALF_LIFE, faded_sql
from recommender_service.infrastructure.serving.catalogue import MovieRow

BATCH: Final = 5_000
MOST_LIKERS: Final = 50  # of a movie; what more of them like changes its place no more
_MOVIE = "movie_no, movie_id, active, genres, told_genres, release_year, original_language, countries, change_no"
# A record of serving.histories, made here: a replica would take minutes for 10 million rows.
_RECORDS = """string_agg(
    int4send(movie_no) || int8send(extract(epoch FROM event_time)::bigint) || int2send(kind) || int2send(value), ''::bytea ORDER BY id
)"""

_POSITIONS = text_statement(f"""
    SELECT greatest((SELECT max(id) FROM interactions), (SELECT max(last_interaction) FROM erased_users), 0),
        (SELECT coalesce(max(change_no), 0) FROM movies),
        (SELECT model_id FROM models WHERE state = {ModelState.ACTIVE:d}),
        (SELECT experiment_id FROM experiments WHERE state = {ExperimentState.RUNNING:d}),
        (SELECT coalesce(max(erase_no), 0) FROM erased_users)
""")  # noqa: S608  # constants of ours
_MOVIES = text_statement(f"SELECT {_MOVIE} FROM movies")  # noqa: S608  # constants of ours
_CHANGED_MOVIES = text_statement(f"SELECT {_MOVIE} FROM movies WHERE change_no > %(after)s ORDER BY change_no LIMIT {BATCH}")  # noqa: S608  # constants of ours
_INTEREST = text_statement(f"""
    SELECT movie_id, region, popular, trending FROM movies JOIN (
        SELECT movie_no, region, {faded_sql(POPULAR_HALF_LIFE)} AS popular, {faded_sql(TRENDING_HALF_LIFE)} AS trending
        FROM interactions GROUP BY movie_no, region
    ) AS counted USING (movie_no)
""")  # noqa: S608  # constants of ours
HISTORIES = text_statement(f"""
    SELECT user_id, records FROM users JOIN (
        SELECT user_no, {_RECORDS} AS records FROM interactions WHERE {TELLS_OF_TASTE} GROUP BY user_no
    ) AS counted USING (user_no)
""")  # noqa: S608  # constants of ours
_ERASED = text_statement("SELECT user_id FROM erased_users WHERE erase_no > %(after)s")
_HISTORY = text_statement(f"""
    SELECT {_RECORDS} FROM interactions WHERE user_no = (SELECT user_no FROM users WHERE user_id = %(user)s) AND {TELLS_OF_TASTE}
""")  # noqa: S608  # constants of ours
_NEW_INTERACTIONS = text_statement(f"""
    SELECT id, user_id, movie_no, kind, value, region, extract(epoch FROM event_time)::double precision
    FROM interactions JOIN users USING (user_no) WHERE id > %(after)s ORDER BY id LIMIT {BATCH}
""")  # noqa: S608  # constants of ours
_LIKERS = text_statement(f"""
    SELECT movie_id, array_agg(DISTINCT user_id) FROM unnest(%(movies)s::int[]) AS given (movie_no) JOIN movies USING (movie_no)
    CROSS JOIN LATERAL (
        SELECT user_no FROM interactions AS i WHERE i.movie_no = given.movie_no AND {LIKES} ORDER BY id DESC LIMIT {MOST_LIKERS}
    ) AS latest JOIN users USING (user_no)
    GROUP BY movie_id
""")  # noqa: S608  # constants of ours
_TRENDING = text_statement(f"""
    SELECT movie_id, {faded_sql(TRENDING_HALF_LIFE)} AS trending
    FROM interactions JOIN movies USING (movie_no)
    WHERE event_time <= %(since)s AND event_time > %(since)s::timestamptz - %(days)s * interval '1 day' AND active
        AND (%(region)s = '' OR region = %(region)s)
    GROUP BY movie_id ORDER BY 2 DESC, 1 LIMIT %(limit)s
""")  # noqa: S608  # constants of ours
_LONG, _EVER = 365, 100_000  # days


class Positions(NamedTuple):
    """How far the database is: the last interaction, the last change of a movie, the active model, the experiment that runs, the last
    erasure of a user."""

    interaction: int
    movie_change: int
    model_id: str | None
    experiment_id: str | None
    erasure: int


class NewInteraction(NamedTuple):
    """`time` in seconds since 1970."""

    id: int
    user: str
    movie_number: int
    kind: int
    value: int
    region: str
    time: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything as of one moment; each part is read as it is asked for, in batches, over one connection."""

    connection: Connection
    positions: Positions

    def movies(self) -> AsyncIterator[Row]:
        return self._rows(_MOVIES)

    def interest(self, since: datetime) -> AsyncIterator[Row]:
        """Movie, region, popular, trending; counted from `since`."""
        return self._rows(_INTEREST, since=since)

    def histories(self) -> AsyncIterator[Row]:
        """User and records."""
        return self._rows(HISTORIES)

    async def _rows(self, statement: Statement, **params: object) -> AsyncIterator[Row]:
        async with self.connection.cursor(name="rows") as cursor:
            cursor.itersize = 2_000
            await cursor.execute(statement.sql, params, binary=True)
            async for row in cursor:
                yield row


async def begin_snapshot(connection: Connection) -> Snapshot:
    """On a connection of one's own, in a transaction that stays open: sorting many millions of rows takes longer than calls may."""
    await connection.execute(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    await connection.execute(b"SET LOCAL statement_timeout = 0")
    await connection.execute(b"SET LOCAL work_mem = '128MB'")
    row = await (await connection.execute(_POSITIONS.sql, {})).fetchone()
    assert row is not None  # noqa: S101  # a SELECT without FROM
    return Snapshot(connection, Positions(*row))


class ChangesReader:
    """What came after a position."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def positions(self) -> Positions:
        row = await self._database.fetch_one(_POSITIONS)
        assert row is not None  # noqa: S101  # a SELECT without FROM
        return Positions(*row)

    async def interactions(self, after: int) -> Sequence[NewInteraction]:
        """In their order, at most BATCH."""
        return [NewInteraction(*row) for row in await self._database.fetch_all(_NEW_INTERACTIONS, after=after)]

    async def movies(self, after: int) -> Sequence[MovieRow]:
        """In the order of their changes, at most BATCH."""
        return [MovieRow(*row) for row in await self._database.fetch_all(_CHANGED_MOVIES, after=after)]

    async def erased(self, after: int) -> Sequence[str]:
        return [row[0] for row in await self._database.fetch_all(_ERASED, after=after)]

    async def history(self, user: str) -> bytes:
        row = await self._database.fetch_one(_HISTORY, user=user)
        return bytes(row[0]) if row and row[0] else b""

    async def likers(self, movies: Sequence[int]) -> Mapping[str, Sequence[str]]:
        """Users who liked these movies last, at most MOST_LIKERS of each; they may have thought better of it since."""
        return dict(await self._database.fetch_all(_LIKERS, movies=list(movies)))

    async def trending(self, as_of: datetime, region: str, limit: int) -> Sequence[tuple[str, float]]:
        """From the interactions up to then. Those of the last year are enough unless there are none: a year is 52 half-lives."""
        for days in (_LONG, _EVER):
            rows = await self._database.fetch_all(_TRENDING, since=as_of, days=days, region=region, limit=limit)
            if rows:
                return [(row[0], row[1]) for row in rows]
        return await self.trending(as_of, "", limit) if region else []
