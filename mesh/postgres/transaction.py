"""One transaction: statements, COPY, and the errors they may end in."""

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from mesh.postgres.faults import raise_translated
from mesh.postgres.statements import Statement
from mesh.postgres.tracing import recorded, run

Row: TypeAlias = tuple[Any, ...]
Connection: TypeAlias = psycopg.AsyncConnection[Row]


class Transaction:
    """What runs between BEGIN and COMMIT on one connection. Made by `Database.transaction`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def execute(self, statement: Statement, /, **params: Any) -> int:
        """Runs it; the number of rows it touched."""
        try:
            return (await run(self.connection, statement, params)).rowcount
        except psycopg.Error as error:
            raise_translated(error)

    async def execute_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> int:
        """Runs it once for each row, in one round trip; the number of rows it touched."""
        if not rows:
            return 0
        try:
            async with self.connection.cursor() as cursor:
                with recorded(self.connection, statement.sql.decode(), len(rows)):
                    await cursor.executemany(statement.sql, rows)
                return cursor.rowcount
        except psycopg.Error as error:
            raise_translated(error)

    async def fetch_one(self, statement: Statement, /, **params: Any) -> Row | None:
        try:
            return await (await run(self.connection, statement, params)).fetchone()
        except psycopg.Error as error:
            raise_translated(error)

    async def fetch_all(self, statement: Statement, /, **params: Any) -> list[Row]:
        try:
            return await (await run(self.connection, statement, params)).fetchall()
        except psycopg.Error as error:
            raise_translated(error)

    async def copy_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]]) -> int:
        """COPY into `table` (a temporary one too); the number of rows. JSON values come wrapped in `psycopg.types.json.Jsonb`."""
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        try:
            async with self.connection.cursor() as cursor:
                with recorded(self.connection, f"COPY {table} FROM STDIN"):
                    async with cursor.copy(statement) as copy:
                        if isinstance(rows, AsyncIterable):
                            async for row in rows:
                                await copy.write_row(row)
                        else:
                            for row in rows:
                                await copy.write_row(row)
                return cursor.rowcount
        except psycopg.Error as error:
            raise_translated(error)
