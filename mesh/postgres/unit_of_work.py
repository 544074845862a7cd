"""A use case's transaction: repositories inside it, its events published if and only if it commits."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

from mesh.postgres.database import Database, Isolation
from mesh.postgres.outbox import OutboxMessage, write_outbox
from mesh.postgres.transaction import Transaction


class _RollBack(Exception):  # not an error: how the block below leaves its transaction
    pass


class UnitOfWork:
    """`async with unit_of_work() as uow: …; await uow.commit()`: a fresh one for each call, rolled back unless committed.

    Contexts subclass it and create their repositories in `_bind`. `encode` turns a domain event into the message to publish.
    """

    def __init__(self, database: Database, encode: Callable[[Any], OutboxMessage], *, isolation: Isolation = "read committed") -> None:
        self._database = database
        self._encode = encode
        self._isolation = isolation
        self._events: list[object] = []
        self._transaction: Transaction | None = None
        self._opened: AbstractAsyncContextManager[Transaction] | None = None

    @property
    def transaction(self) -> Transaction:
        """The open transaction; RuntimeError before the block is entered and after commit."""
        if self._transaction is None:
            raise RuntimeError("the unit of work is not open")
        return self._transaction

    def add_event(self, event: object) -> None:
        """To be published after, and only if, this commits."""
        self._events.append(event)

    async def commit(self) -> None:
        """Writes the events and commits. Unavailable here may mean that it did commit: replay with the same request_id to know."""
        transaction, opened = self.transaction, self._opened
        await write_outbox(transaction, [self._encode(event) for event in self._events])
        self._transaction = self._opened = None
        if opened is not None:
            await opened.__aexit__(None, None, None)

    async def __aenter__(self) -> Self:
        if self._opened is not None or self._events:
            raise RuntimeError("a unit of work serves one call")
        opened = self._database.transaction(self._isolation)
        self._transaction = await opened.__aenter__()
        self._opened = opened
        self._bind(self._transaction)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        opened, self._opened, self._transaction = self._opened, None, None
        if opened is None:  # committed
            return
        reason = error or _RollBack()
        await opened.__aexit__(type(reason), reason, trace)

    def _bind(self, transaction: Transaction) -> None:
        """Repositories over `transaction`, made anew for each unit of work."""
