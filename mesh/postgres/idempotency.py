"""A request id makes a mutation happen once, however often it is sent."""

import asyncio
import hashlib
import hmac
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from google.protobuf.message import Message

from mesh.call import Call
from mesh.errors import Aborted, InvalidArgument, Violation
from mesh.postgres.faults import TRANSACTION_CONFLICTS
from mesh.postgres.statements import text_statement
from mesh.postgres.transaction import Transaction
from mesh.postgres.unit_of_work import UnitOfWork
from mesh.redaction import without_secrets

_ATTEMPTS = 3

# Waits while another transaction holds the same id: it then either finds that one's answer or, after a rollback, takes over.
_TAKE = text_statement("""
    INSERT INTO idempotency (principal, method, request_id, request_hash)
    VALUES (%(principal)s, %(method)s, %(request_id)s, %(request_hash)s)
    ON CONFLICT DO NOTHING RETURNING true
""")
_STORED = text_statement("""
    SELECT request_hash, response FROM idempotency
    WHERE principal = %(principal)s AND method = %(method)s AND request_id = %(request_id)s
""")
_KEEP = text_statement("""
    UPDATE idempotency SET response = %(response)s
    WHERE principal = %(principal)s AND method = %(method)s AND request_id = %(request_id)s
""")

UoW = TypeVar("UoW", bound=UnitOfWork)
R = TypeVar("R", bound=Message)


async def once(
    unit_of_work: Callable[[], UoW],
    call: Call,
    request: Message,
    response_type: type[R],
    effect: Callable[[UoW], Awaitable[R]],
    *,
    key: bytes = b"",
) -> R:
    """Runs `effect` in a unit of work and commits it, or returns the answer that an earlier call with this request id got.

    The answer is kept with the effect and only on success: a failed call may be sent again with the same id. The id with another
    body is InvalidArgument. Without a request id it runs and commits. A transaction that loses a race is run again, whole, at most
    three times: `effect` may touch nothing outside its unit of work and calls no other service.

    Secrets of the contract (`debug_redact`) are not stored: not those of the answer, which a replay comes without, and not in the hash of
    the request either, since a quick hash of a password or of six digits gives them away. With a `key` that is not in the database the hash
    covers them.
    """
    request_id: str = getattr(request, "request_id", "")
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with unit_of_work() as uow:
                if not request_id:
                    response = await effect(uow)
                else:
                    request_hash = _hash(request, key)
                    stored, response = await _stored_or_new(uow, call, request_id, request_hash, response_type, effect)
                    if stored:
                        return response
                await uow.commit()
                return response
        except TRANSACTION_CONFLICTS as conflict:
            if attempt == _ATTEMPTS:
                raise Aborted("LOST_RACE", "Others changed the same data at the same time; try again.") from conflict
            await asyncio.sleep(random.uniform(0.005, 0.02) * attempt)  # noqa: S311  # to part the rivals, not a secret
    raise AssertionError("unreachable")


async def _stored_or_new(
    uow: UoW, call: Call, request_id: str, request_hash: bytes, response_type: type[R], effect: Callable[[UoW], Awaitable[R]]
) -> tuple[bool, R]:
    transaction = uow.transaction
    key = {"principal": call.principal.subject, "method": call.method, "request_id": request_id}
    while not await transaction.fetch_one(_TAKE, **key, request_hash=request_hash):
        found = await _answer(transaction, key, request_hash)
        if found is not None:
            return True, response_type.FromString(found)
    response = await effect(uow)
    await transaction.execute(_KEEP, **key, response=without_secrets(response).SerializeToString())
    return False, response


async def _answer(transaction: Transaction, key: dict[str, str], request_hash: bytes) -> bytes | None:
    row = await transaction.fetch_one(_STORED, **key)
    if row is None:  # the housekeeping took it between our two statements
        return None
    if row[0] != request_hash:
        violation = Violation("request_id", "was used before for a request with another content")
        raise InvalidArgument([violation], reason="REQUEST_ID_REUSED")
    return bytes(row[1])


def _hash(request: Message, key: bytes) -> bytes:
    """Of the request without its id and, unless there is a key, its secrets; deterministic for one version of the contract."""
    body = type(request)()
    body.CopyFrom(request if key else without_secrets(request))
    body.ClearField("request_id")
    content = body.SerializeToString(deterministic=True)
    return hmac.digest(key, content, "sha256") if key else hashlib.sha256(content).digest()
