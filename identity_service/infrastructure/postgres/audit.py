"""The audit log, which is only added to."""

from identity_service.domain.audit import AuditEntry
from identity_service.infrastructure.postgres.rows import AUDIT_COLUMNS
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction

_ADD = text_statement(f"""
    INSERT INTO audit_entries ({AUDIT_COLUMNS})
    VALUES (%(entry)s, %(create_time)s, %(actor)s, %(action)s, %(subject)s, %(detail)s, %(reason)s, %(address)s, %(trace_id)s)
""")  # noqa: S608  # constants of ours


class PostgresAudit:
    """The port Audit."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def add(self, entry: AuditEntry) -> None:
        await self._transaction.execute(
            _ADD,
            entry=entry.entry,
            create_time=entry.create_time,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            detail=entry.detail,
            reason=entry.reason,
            address=entry.address,
            trace_id=entry.trace_id,
        )
