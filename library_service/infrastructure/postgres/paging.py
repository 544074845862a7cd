"""Pages of a user's rows in the order of time, the latest first: one statement for the first page, one for those behind a position."""

from datetime import datetime

from mesh.postgres.database import Database
from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Row


class LatestFirst:
    """`source` is a table, joined with what its rows need; the order is (`time`, `row_id`), backwards along an index."""

    def __init__(self, columns: str, source: str, condition: str, time: str, row_id: str) -> None:
        def page(behind: str) -> Statement:
            return text_statement(f"""
                SELECT {columns} FROM {source} WHERE {condition} {behind} ORDER BY {time} DESC, {row_id} DESC LIMIT %(limit)s
            """)  # noqa: S608  # constants of ours

        self._first, self._behind = page(""), page(f"AND ({time}, {row_id}) < (%(time)s, %(id)s)")

    async def page(self, database: Database, limit: int, after: tuple[datetime, str] | None, **given: object) -> list[Row]:
        if after is None:
            return await database.fetch_all(self._first, limit=limit, **given)
        return await database.fetch_all(self._behind, limit=limit, time=after[0], id=after[1], **given)
