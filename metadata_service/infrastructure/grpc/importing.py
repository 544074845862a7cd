"""The import of documents: a stream of messages, each checked document by document and stored as a whole."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from mesh.call import Call
from mesh.errors import Violation
from mesh.postgres.idempotency import once
from mesh.validation import checker
from metadata_service.application.commands import Patch, import_metadata
from metadata_service.infrastructure.grpc.translate import movie_of, populated, to_document
from metadata_service.infrastructure.postgres.unit_of_work import MetadataUnitOfWork
from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata, RejectedMovieMetadata
from reelmesh.metadata.v1.metadata_service_pb2 import ImportMovieMetadataRequest, ImportMovieMetadataResponse

_MOST_REPORTED = 100
_BREATH = 50  # documents; other calls are served between them
_check = checker(MovieMetadata.DESCRIPTOR)


def violations_of(message: MovieMetadata, prefix: str) -> list[Violation]:
    """What the contract's own words say beyond the limits of its fields."""
    if message.runtime.nanos:
        return [Violation(f"{prefix}runtime", "must be whole seconds")]
    return []


class Import:
    """One stream. `run` answers with the sum of all its messages."""

    def __init__(self, unit_of_work: Callable[[], MetadataUnitOfWork], clock: Callable[[], datetime], call: Call) -> None:
        self._unit_of_work, self._clock, self._call = unit_of_work, clock, call
        self._total = ImportMovieMetadataResponse()
        self._seen = 0

    async def run(self, requests: AsyncIterator[ImportMovieMetadataRequest]) -> ImportMovieMetadataResponse:
        validate_only = False
        async for request in requests:
            if not self._seen:
                validate_only = request.validate_only
            await self._add(request, validate_only)
            self._seen += len(request.metadata)
        return self._total

    async def _add(self, request: ImportMovieMetadataRequest, validate_only: bool) -> None:
        patches: list[Patch] = []
        positions: list[int] = []
        answer = ImportMovieMetadataResponse()
        rejected: dict[int, str] = {}
        rejected_late: dict[int, str] = {}
        for position, message in enumerate(request.metadata):
            if not position % _BREATH:
                await asyncio.sleep(0)
            violations = _item_violations(message)
            if violations:
                rejected[position] = _sentence(violations)
                continue
            positions.append(position)
            patches.append(Patch(movie_of(message.name), to_document(message), populated(message)))

        async def effect(uow: MetadataUnitOfWork) -> ImportMovieMetadataResponse:
            outcome = await import_metadata(uow, patches, self._clock())
            rejected_late.clear()  # what an attempt that lost a race had found
            for index, error in outcome.rejected:
                rejected_late[positions[index]] = _sentence([Violation(each.field, each.description) for each in error.problems])
            return ImportMovieMetadataResponse(
                created_count=outcome.created, updated_count=outcome.updated, unchanged_count=outcome.unchanged
            )

        if patches and validate_only:
            async with self._unit_of_work() as uow:  # never committed
                answer = await effect(uow)
        elif patches:
            # An empty request: the request id names the stream, not this message, and documents are recognised by their names.
            answer = await once(self._unit_of_work, self._call, ImportMovieMetadataRequest(), ImportMovieMetadataResponse, effect)
        self._count(request, answer, rejected | rejected_late)

    def _count(self, request: ImportMovieMetadataRequest, answer: ImportMovieMetadataResponse, rejected: dict[int, str]) -> None:
        total = self._total
        total.created_count += answer.created_count
        total.updated_count += answer.updated_count
        total.unchanged_count += answer.unchanged_count
        total.rejected_count += len(rejected)
        for position in sorted(rejected)[: _MOST_REPORTED - len(total.rejected)]:
            total.rejected.append(
                RejectedMovieMetadata(
                    index=self._seen + position,
                    name=request.metadata[position].name,
                    reason="INVALID_ARGUMENT",
                    message=rejected[position],
                )
            )


def _item_violations(message: MovieMetadata) -> list[Violation]:
    if not message.name:
        return [Violation("name", "is required")]
    violations: list[Violation] = []
    _check(message, "", violations)
    return violations or violations_of(message, "")


def _sentence(violations: list[Violation]) -> str:
    return "; ".join(f"{each.field}: {each.description}".removeprefix(": ") for each in violations[:5])
