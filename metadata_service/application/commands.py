"""Changes of documents, one by one and in bulk."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from metadata_service.application.ports import Change, UnitOfWork
from metadata_service.domain import rules
from metadata_service.domain.documents import EMPTY, Document, MovieMetadata
from metadata_service.domain.errors import DocumentChangedMeanwhile, InvalidDocument
from metadata_service.domain.events import MovieMetadataChanged

_BREATH = 50  # patches; other calls are served between them


@dataclass(frozen=True, slots=True)
class Patch:
    """New values for the fields of a movie's document that are named in `changed`."""

    movie: str
    document: Document
    changed: frozenset[str]


@dataclass(slots=True)
class ImportOutcome:
    """What became of the patches; `rejected` has the position of each one that was left out, and why."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, InvalidDocument]] = field(default_factory=list)


async def upsert_metadata(uow: UnitOfWork, patch: Patch, etag: str, now: datetime) -> MovieMetadata:
    """The document after the change; with an etag only if it is still the one that the etag was given for."""
    before = (await uow.documents.lock([patch.movie])).get(patch.movie)
    if etag and (before is None or before.etag != etag):
        raise DocumentChangedMeanwhile(patch.movie)
    after = _applied(patch, before, now)
    if after is before:
        return after
    await _store(uow, [Change(before, after)])
    return after


async def import_metadata(uow: UnitOfWork, patches: Sequence[Patch], now: datetime) -> ImportOutcome:
    """Applies the patches in order, several for one movie too; a document that stays as it is is neither written nor told."""
    outcome = ImportOutcome()
    before = await uow.documents.lock(sorted({patch.movie for patch in patches}))
    changed: dict[str, MovieMetadata] = {}
    for position, patch in enumerate(patches):
        if not position % _BREATH:
            await asyncio.sleep(0)
        current = changed.get(patch.movie) or before.get(patch.movie)
        try:
            after = _applied(patch, current, now)
        except InvalidDocument as error:
            outcome.rejected.append((position, error))
            continue
        if after is current:
            outcome.unchanged += 1
            continue
        if current is None:
            outcome.created += 1
        else:
            outcome.updated += 1
        changed[patch.movie] = after
    await _store(uow, [Change(before.get(movie), after) for movie, after in changed.items()])
    return outcome


def _applied(patch: Patch, before: MovieMetadata | None, now: datetime) -> MovieMetadata:
    document = (before.document if before else EMPTY).patched(patch.document, patch.changed)
    if before is not None and document == before.document:
        return before
    rules.check(document)
    return before.changed_to(document, now) if before else MovieMetadata(patch.movie, document, 1, now, now)


async def _store(uow: UnitOfWork, changes: Sequence[Change]) -> None:
    if not changes:
        return
    await uow.documents.store(changes)
    for change in changes:
        uow.add_event(MovieMetadataChanged(change.after))
