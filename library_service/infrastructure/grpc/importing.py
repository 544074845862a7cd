"""The stream of ImportList: line by line a file, message by message a transaction."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime

import structlog

from library_service.application.importing import Imported, ListName, import_rows
from library_service.domain.csv_reading import ListReader, Rejected, Row
from library_service.infrastructure.grpc.callers import owner
from library_service.infrastructure.grpc.names import list_of
from library_service.infrastructure.postgres.unit_of_work import LibraryUnitOfWork
from mesh.call import Call
from mesh.errors import InvalidArgument, Violation
from mesh.postgres.idempotency import once
from reelmesh.library.v1.transfer_service_pb2 import ImportListRequest, ImportListResponse

_REPORTED = 100
_NO_REQUEST_ID = ImportListRequest()

log = structlog.get_logger("library.import")


class ListImport:
    """Runs one stream after the other, or several at once; `clock` gives the time in UTC."""

    def __init__(self, unit_of_work: Callable[[], LibraryUnitOfWork], clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._unit_of_work, self._clock = unit_of_work, clock

    async def run(self, requests: AsyncIterator[ImportListRequest], call: Call) -> ImportListResponse:
        total, first, now = ImportListResponse(), None, self._clock()
        reader = ListReader(now)
        async for request in requests:
            if first is None:
                if not request.list:
                    raise InvalidArgument([Violation("list", "is required in the first message")])
                owner(request.list, call)
                first = request
            await self._take(first, (found for line in request.lines for found in reader.feed(line)), total, now, call)
        if first is None:
            raise InvalidArgument([Violation("list", "is required in the first message")])
        await self._take(first, reader.finish(), total, now, call)
        total.rejected.sort(key=lambda rejected: rejected.line)  # one that never closed its quote is known at the end only
        counts = {field.name: value for field, value in total.ListFields() if field.name.endswith("_count")}
        log.info("list_imported", list=first.list, request_id=first.request_id, validate_only=first.validate_only, **counts)
        return total

    async def _take(
        self, first: ImportListRequest, found: Iterable[Row | Rejected], total: ImportListResponse, now: datetime, call: Call
    ) -> None:
        rows: list[Row] = []
        rejected: list[Rejected] = []
        for each in found:
            if isinstance(each, Row):
                rows.append(each)
            else:
                rejected.append(each)
        if rows:
            imported = await self._store(list_of(first.list), rows, now, call, validate_only=first.validate_only)
            total.added_count += imported.added
            total.unchanged_count += imported.unchanged
            rejected += imported.rejected
        total.rejected_count += len(rejected)
        for each in rejected[: _REPORTED - len(total.rejected)]:
            total.rejected.add(line=each.line, text=each.text, reason=each.reason, message=each.message)

    async def _store(self, target: ListName, rows: list[Row], now: datetime, call: Call, *, validate_only: bool) -> Imported:
        if validate_only:
            async with self._unit_of_work() as uow:  # not committed
                return await import_rows(uow, target, rows, now)
        imported = Imported(0, 0, ())

        async def effect(uow: LibraryUnitOfWork) -> ImportListResponse:
            nonlocal imported
            imported = await import_rows(uow, target, rows, now)
            return ImportListResponse()

        # Without a request id: for its retry after a conflict only, since a list holds a movie once.
        await once(self._unit_of_work, call, _NO_REQUEST_ID, ImportListResponse, effect)
        return imported
