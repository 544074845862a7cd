"""Pages of what is listed with the latest first, by keyset."""

from mesh.postgres.statements import Statement, text_statement


def latest_first(columns: str, table: str, key: str) -> tuple[Statement, Statement]:
    """The first page, by `limit`, and those after the position (`time`, `id`)."""
    first, after = (
        text_statement(f"SELECT {columns} FROM {table} {condition} ORDER BY create_time DESC, {key} DESC LIMIT %(limit)s")  # noqa: S608  # constants of ours
        for condition in ("", f"WHERE (create_time, {key}) < (%(time)s, %(id)s)")
    )
    return first, after
