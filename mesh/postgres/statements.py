"""SQL in the form in which psycopg runs it."""


class Statement:
    """Made by `text_statement`."""

    __slots__ = ("sql",)

    def __init__(self, sql: str) -> None:
        self.sql = sql.encode()

    def __repr__(self) -> str:
        return f"Statement({self.sql.decode()!r})"


def text_statement(sql: str) -> Statement:
    """SQL with `%(name)s` parameters; a literal % is written %%."""
    return Statement(sql)
