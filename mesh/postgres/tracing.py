"""Statements as spans of the call that runs them; without a sampled call, just the statement."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeAlias

import psycopg
from opentelemetry.trace import SpanKind

from mesh.postgres.statements import Statement
from mesh.tracing import current_recording, finish

_Connection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]
# What a statement does to which tables. FOR UPDATE locks and DO UPDATE belongs to its INSERT; neither is an operation of its own.
_STEP = re.compile(
    r"\b(INSERT)\s+INTO\s+(\w+)|(?<!FOR\s)(?<!DO\s)\b(UPDATE)\s+(\w+)|\b(DELETE)\s+FROM\s+(\w+)|\b(SELECT)\b|\b(?:FROM|JOIN)\s+(?!STDIN)(\w+)"
    r"|\b(COPY)\s+\"?(\w+)"
)
_LONGEST_SUMMARY = 255


async def run(connection: _Connection, statement: Statement, params: Mapping[str, Any]) -> psycopg.AsyncCursor[tuple[Any, ...]]:
    """Executes it."""
    if current_recording.get() is None:
        return await connection.execute(statement.sql, params)
    with recorded(connection, statement.sql.decode()):
        return await connection.execute(statement.sql, params)


@contextmanager
def recorded(connection: _Connection, text: str, rows: int = 0) -> Iterator[None]:
    """A span around what executes the SQL `text`, which has no values in it; with `rows`, once for each of so many sets of parameters."""
    recording = current_recording.get()
    if recording is None:
        yield
        return
    # https://opentelemetry.io/docs/specs/semconv/database/postgresql/
    info, summary = connection.info, summarised(text)
    attributes: dict[str, str | int] = {
        "db.system.name": "postgresql",
        "db.namespace": info.dbname,
        "db.query.summary": summary,
        "db.query.text": text,
        "server.address": info.host,
        "server.port": info.port,
    }
    if rows > 1:
        attributes["db.operation.batch.size"] = rows
    span = recording.tracing.child(summary, SpanKind.CLIENT, recording.traceparent, attributes)
    if span is None:
        yield
        return
    problem = ""
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate:
            span.set_attribute("db.response.status_code", error.sqlstate)
        problem = error.sqlstate or type(error).__name__
        raise
    except BaseException as error:  # cancelled, above all
        problem = type(error).__name__
        raise
    finally:
        finish(span, problem)


@lru_cache(maxsize=512)  # the statements of a context are few and fixed
def summarised(text: str) -> str:
    """`SELECT movies` for a query of movies: its operations and tables, in their order."""
    words = [word for step in _STEP.findall(text) for word in step if word]
    return " ".join(words)[:_LONGEST_SUMMARY] or text.split(maxsplit=1)[0]
