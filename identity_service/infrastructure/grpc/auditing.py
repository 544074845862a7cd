"""What administrators do with other people's accounts is written down with it."""

from datetime import datetime

from identity_service.application.administration import write_down
from identity_service.infrastructure.grpc.callers import actor_of
from identity_service.infrastructure.grpc.names import user_name
from identity_service.infrastructure.postgres.unit_of_work import IdentityUnitOfWork
from mesh.call import Call


async def audited(
    uow: IdentityUnitOfWork, call: Call, action: str, user: str, entry_id: str, now: datetime, *, detail: str = "", reason: str = ""
) -> None:
    """Nothing for an owner."""
    if call.principal.subject != user_name(user):
        await write_down(uow, entry_id, actor_of(call), action, user, detail, reason, now)
