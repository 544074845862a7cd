"""The one way to a context's database: a pool of psycopg connections, autocommit reads, transactions."""

import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from mesh.call import current_call
from mesh.errors import DeadlineExceeded, Unavailable
from mesh.postgres.faults import raise_translated
from mesh.postgres.metrics import pools
from mesh.postgres.statements import Statement
from mesh.postgres.tracing import recorded, run
from mesh.postgres.transaction import Connection, Row, Transaction

_BEGIN = {
    "read committed": b"BEGIN",
    "repeatable read": b"BEGIN ISOLATION LEVEL REPEATABLE READ",
    "serializable": b"BEGIN ISOLATION LEVEL SERIALIZABLE",
}
Isolation = Literal["read committed", "repeatable read", "serializable"]


class Database:
    """PostgreSQL at `url` (libpq URL). Times are seconds; `wait` is how long a call may queue for a connection.

    Every failure of the database itself leaves as `errors.Unavailable`; constraint violations and lost races leave as psycopg's
    own errors, for `constraint_errors` and `once`.
    """

    def __init__(
        self,
        url: str,
        *,
        min_size: int = 1,
        max_size: int = 10,
        statement_timeout: float = 5.0,
        wait: float = 2.0,
        application_name: str = "reelmesh",
    ) -> None:
        self.url = url
        self._wait = wait
        # Prepared at first use: the statements of a context are few and fixed; the least used of the rest fall out.
        self._connect: dict[str, Any] = {
            "autocommit": True,
            "prepare_threshold": 0,
            "application_name": application_name,
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        }
        self._statement_timeout_ms = int(statement_timeout * 1000)
        self._pool = AsyncConnectionPool[Connection](
            url,
            min_size=min_size,
            max_size=max_size,
            kwargs=self._connect,
            configure=self._configure,
            check=_check_without_round_trip,
            timeout=wait,
            open=False,
            name=application_name,
            # The pool pauses longer and longer between its attempts. Given up soon, the next call begins with short pauses again.
            reconnect_timeout=1.0,
        )

    async def open(self) -> None:
        """Starts connecting; Unavailable when the first connection is not there within five seconds."""
        try:
            await self._pool.open()
            await self._pool.wait(timeout=5.0)
        except psycopg.Error as error:
            raise_translated(error)
        pools.add(self._pool.name, self)

    async def close(self) -> None:
        pools.remove(self._pool.name)
        await self._pool.close(timeout=2.0)

    async def fetch_one(self, statement: Statement, /, **params: Any) -> Row | None:
        """The first row, outside any transaction; a statement that writes is committed on its own."""
        connection = await self._acquire()
        try:
            return await (await run(connection, statement, params)).fetchone()
        except psycopg.Error as error:
            raise_translated(error)
        finally:
            await self._pool.putconn(connection)

    async def fetch_all(self, statement: Statement, /, **params: Any) -> list[Row]:
        connection = await self._acquire()
        try:
            return await (await run(connection, statement, params)).fetchall()
        except psycopg.Error as error:
            raise_translated(error)
        finally:
            await self._pool.putconn(connection)

    async def execute(self, statement: Statement, /, **params: Any) -> int:
        """The number of rows touched; committed on its own."""
        connection = await self._acquire()
        try:
            return (await run(connection, statement, params)).rowcount
        except psycopg.Error as error:
            raise_translated(error)
        finally:
            await self._pool.putconn(connection)

    @asynccontextmanager
    async def transaction(self, isolation: Isolation = "read committed") -> AsyncIterator[Transaction]:
        """Committed when the block leaves normally, rolled back by any exception."""
        connection = await self._acquire()
        try:
            async with transaction_on(connection, isolation) as transaction:
                yield transaction
        finally:
            await self._pool.putconn(connection)

    @asynccontextmanager
    async def dedicated_connection(self) -> AsyncIterator[Connection]:
        """A connection of one's own outside the pool, for session locks and LISTEN; closed at the end of the block."""
        try:
            connection: Connection = await psycopg.AsyncConnection.connect(self.url, **self._connect)
        except psycopg.Error as error:
            raise_translated(error)
        try:
            try:
                await self._configure(connection)
            except psycopg.Error as error:
                raise_translated(error)
            yield connection
        finally:
            await connection.close()

    async def check(self) -> bool:
        """Whether the database answers, for readiness."""
        try:
            return await self.fetch_one(_ONE) == (1,)
        except Unavailable:
            return False

    def statistics(self) -> dict[str, int]:
        """The pool's own counters (psycopg_pool): pool_size, pool_available, requests_waiting and others."""
        return self._pool.get_stats()

    async def _acquire(self) -> Connection:
        call = current_call.get()
        wait = self._wait if call is None else min(self._wait, call.deadline.remaining())
        try:
            return await self._pool.getconn(timeout=wait)
        except psycopg.Error as error:
            if call is not None and not call.deadline.remaining():
                raise DeadlineExceeded from error  # not the pool was short, the caller was
            raise_translated(error)

    async def _configure(self, connection: Connection) -> None:
        # Set after connecting: as a start-up option it would replace the options that the URL may carry.
        await connection.execute(sql.SQL("SET statement_timeout = {}").format(self._statement_timeout_ms))
        connection.prepared_max = 200


@asynccontextmanager
async def transaction_on(connection: Connection, isolation: Isolation = "read committed") -> AsyncIterator[Transaction]:
    """A transaction on a connection one holds already."""
    try:
        await connection.execute(_BEGIN[isolation], prepare=False)
        yield Transaction(connection)
        with recorded(connection, "COMMIT"):
            await connection.execute(b"COMMIT", prepare=False)
    except psycopg.Error as error:
        await _roll_back(connection)
        raise_translated(error)
    except BaseException:
        await _roll_back(connection)
        raise


async def _roll_back(connection: Connection) -> None:
    try:
        await connection.rollback()
    except psycopg.Error:
        # Nothing to keep: the server has rolled back with the connection, and the pool drops a broken one.
        await connection.close()


async def _check_without_round_trip(connection: Connection) -> None:
    """An idle connection has nothing to read. If it has, the server said goodbye (or sent a notice): only then ask it."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        await AsyncConnectionPool.check_connection(connection)


_ONE = Statement("SELECT 1")
