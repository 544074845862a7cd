"""Reads of accounts, sessions, erasures and the audit log, outside any transaction."""

from datetime import datetime

from identity_service.domain.accounts import Account, AccountState, Role
from identity_service.domain.audit import AuditEntry
from identity_service.domain.erasures import Erasure
from identity_service.domain.sessions import Session
from identity_service.infrastructure.postgres.rows import (
    ACCOUNT_COLUMNS,
    AUDIT_COLUMNS,
    SESSION_COLUMNS,
    account_of,
    audit_entry_of,
    session_of,
)
from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement

_BY_NAME = text_statement(f"SELECT {ACCOUNT_COLUMNS} FROM accounts WHERE user_id = %(user)s")  # noqa: S608  # constants of ours
_WHO_LOGS_IN = text_statement(f"""
    SELECT {ACCOUNT_COLUMNS}, EXISTS (SELECT FROM devices AS d WHERE d.device_hash = %(device_hash)s AND d.user_id = accounts.user_id)
    FROM accounts WHERE email = %(email)s
""")  # noqa: S608  # constants of ours
# An absent condition is one that holds for all; the planner sees the values, since these statements are rare and planned each time.
_LATEST = text_statement(f"""
    SELECT {ACCOUNT_COLUMNS} FROM accounts
    WHERE (%(prefix)s = '' OR email LIKE %(prefix)s OR lower(profile ->> 'display_name') LIKE %(prefix)s)
        AND (%(state)s::smallint IS NULL OR state = %(state)s)
        AND (%(roles)s::smallint[] IS NULL OR roles @> %(roles)s)
        AND (%(time)s::timestamptz IS NULL OR (create_time, user_id) < (%(time)s, %(id)s))
    ORDER BY create_time DESC, user_id DESC LIMIT %(limit)s
""")  # noqa: S608  # constants of ours
_SESSIONS = text_statement(f"""
    SELECT {SESSION_COLUMNS} FROM sessions
    WHERE user_id = %(user)s AND expire_time > %(now)s
        AND (%(time)s::timestamptz IS NULL OR (create_time, session_id) < (%(time)s, %(id)s))
    ORDER BY create_time DESC, session_id DESC LIMIT %(limit)s
""")  # noqa: S608  # constants of ours
_AUDIT = text_statement(f"""
    SELECT {AUDIT_COLUMNS} FROM audit_entries
    WHERE (%(subject)s = '' OR subject = %(subject)s) AND (%(actor)s = '' OR actor = %(actor)s)
        AND (%(time)s::timestamptz IS NULL OR (create_time, entry_id) < (%(time)s, %(id)s))
    ORDER BY create_time DESC, entry_id DESC LIMIT %(limit)s
""")  # noqa: S608  # constants of ours
_ERASURE = text_statement("""
    SELECT create_time, context, done_time FROM erasures LEFT JOIN erasure_parts USING (erasure_id)
    WHERE erasure_id = %(erasure)s ORDER BY context
""")
_WILD = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})

Position = tuple[datetime, str] | None


class PostgresAccountReader:
    """The port AccountReader."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def account(self, user: str) -> Account | None:
        row = await self._database.fetch_one(_BY_NAME, user=user)
        return account_of(row) if row else None

    async def who_logs_in(self, email: str, device_hash: bytes) -> tuple[Account | None, bool]:
        row = await self._database.fetch_one(_WHO_LOGS_IN, email=email, device_hash=device_hash)
        return (account_of(row[:-1]), row[-1]) if row else (None, False)

    async def latest(self, query: str, state: AccountState | None, role: Role | None, limit: int, after: Position) -> list[Account]:
        rows = await self._database.fetch_all(
            _LATEST,
            prefix=f"{query.lower().translate(_WILD)}%" if query else "",
            state=state.value if state else None,
            roles=[role.value] if role else None,
            limit=limit,
            **_beginning(after),
        )
        return list(map(account_of, rows))

    async def erasure(self, erasure: str) -> Erasure | None:
        rows = await self._database.fetch_all(_ERASURE, erasure=erasure)
        return Erasure(erasure, rows[0][0], {context: done for _, context, done in rows if context}) if rows else None

    async def sessions(self, user: str, now: datetime, limit: int, after: Position) -> list[Session]:
        rows = await self._database.fetch_all(_SESSIONS, user=user, now=now, limit=limit, **_beginning(after))
        return list(map(session_of, rows))

    async def audit_entries(self, subject: str, actor: str, limit: int, after: Position) -> list[AuditEntry]:
        rows = await self._database.fetch_all(_AUDIT, subject=subject, actor=actor, limit=limit, **_beginning(after))
        return list(map(audit_entry_of, rows))


def _beginning(after: Position) -> dict[str, object]:
    return {"time": after[0], "id": after[1]} if after else {"time": None, "id": ""}
