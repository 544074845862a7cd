"""Removes what nobody can ask for any more from outbox, inbox and request ids, a little at a time."""

from dataclasses import dataclass

from mesh.postgres.statements import Statement, text_statement
from mesh.postgres.transaction import Connection

_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Retention:
    """In days. The inbox must outlive every redelivery: the stream's own age and a replay from the outbox."""

    outbox: float = 7
    inbox: float = 21
    request_ids: float = 7


def _delete(table: str, time_column: str, condition: str = "") -> Statement:
    return text_statement(f"""
        DELETE FROM {table} WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM {table} WHERE {time_column} < now() - make_interval(secs => %(seconds)s) {condition} LIMIT {_ROWS_AT_ONCE}
        ))
    """)  # noqa: S608  # names of ours


_OUTBOX = _delete("outbox", "create_time", "AND sent_time IS NOT NULL")
_INBOX = _delete("inbox", "handle_time")
_REQUEST_IDS = _delete("idempotency", "create_time")


async def clean(connection: Connection, retention: Retention) -> bool:
    """One short round; True when there may be more to remove."""
    more = False
    for statement, days in ((_OUTBOX, retention.outbox), (_INBOX, retention.inbox), (_REQUEST_IDS, retention.request_ids)):
        removed = (await connection.execute(statement.sql, {"seconds": days * 86_400.0})).rowcount
        more = more or removed >= _ROWS_AT_ONCE
    return more
