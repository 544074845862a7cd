"""SQL compiled once: from SQLAlchemy Core tables or from text, into what psycopg runs without further work."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.dialects.postgresql import psycopg as psycopg_dialect
from sqlalchemy.sql.expression import BindParameter, ClauseElement

_dialect = psycopg_dialect.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


class Statement:
    """SQL with `%(name)s` parameters; `defaults` are the values that were part of the expression it came from."""

    __slots__ = ("_defaults", "_processors", "sql")

    def __init__(
        self, sql: str, defaults: Mapping[str, Any] | None = None, processors: Mapping[str, Callable[[Any], Any]] | None = None
    ) -> None:
        self.sql = sql.encode()
        self._defaults = dict(defaults or {})
        self._processors = dict(processors or {})

    def values(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """What psycopg binds for these arguments."""
        if self._defaults:
            params = {**self._defaults, **params}
        if self._processors:
            params = {name: process(params[name]) if (process := self._processors.get(name)) else params[name] for name in params}
        return params

    def __repr__(self) -> str:
        return f"Statement({self.sql.decode()!r})"


def compiled(expression: ClauseElement) -> Statement:
    """`expression` as a statement; bindparams without a value become its parameters, by name.

    An IN over a parameter has no fixed text: write `column == any_(bindparam(...))` with a list instead.
    """
    compilation = expression.compile(dialect=_dialect)
    expanding = getattr(compilation, "post_compile_params", None)
    if expanding:
        raise ValueError(f"IN over {sorted(p.key for p in expanding)} cannot be compiled once: compare with any_() instead")
    bound: Mapping[BindParameter[Any], str] = compilation.bind_names  # type: ignore[attr-defined]  # of SQLCompiler, not of Compiled
    defaults = {name: bind.effective_value for bind, name in bound.items() if not bind.required}
    return Statement(str(compilation), defaults, compilation._bind_processors)  # type: ignore[attr-defined]  # no public way to the processors


def text_statement(sql: str) -> Statement:
    """Hand-written SQL with `%(name)s` parameters; a literal % is written %%."""
    return Statement(sql)
