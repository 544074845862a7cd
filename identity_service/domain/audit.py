"""What administrators did."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something privileged, from where, in which trace."""

    user: str
    address: str
    trace_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """`actor` and `subject` are ids of users; `detail` says what exactly, `reason` why."""

    entry: str
    create_time: datetime
    actor: str
    action: str
    subject: str
    detail: str
    reason: str
    address: str
    trace_id: str
