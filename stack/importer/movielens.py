"""A MovieLens data set on its way into the platform: movies, their documents, ratings."""

import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from movielens.layouts import Dataset, Record
from movielens.rows import RatingRow
from movielens.showing import shown
from reelmesh.metadata.v1.metadata_service_pb2 import (
    BatchGetMovieMetadataRequest,
    BatchGetMovieMetadataResponse,
    ImportMovieMetadataRequest,
    ImportMovieMetadataResponse,
)
from reelmesh.movie.v1.movie_service_pb2 import BatchGetMoviesRequest, BatchGetMoviesResponse, ImportMoviesRequest, ImportMoviesResponse
from reelmesh.rating.v1.rating_pb2 import ImportedRating
from reelmesh.rating.v1.rating_service_pb2 import ImportRatingsRequest, ImportRatingsResponse, PurgeRatingsRequest, PurgeRatingsResponse
from stack.importer.catalogue import Catalogue, Entry, Told
from stack.importer.checkpoint import Checkpoint, Progress, Reached
from stack.importer.merging import metadata_gaps, movie_gaps
from stack.importer.problems import Problems
from stack.importer.streams import ROWS_PER_MESSAGE, Platform, Rejection
from stack.importer.summary import Summary

SOURCE: Final = "movielens"
DEMO_SOURCE: Final = "demo"
RATINGS_PER_STREAM: Final = 20_000  # acknowledged together: what a killed import sends again, about 1.5 MiB of messages
MOVIES_PER_STREAM: Final = 2_000


@dataclass(slots=True)
class _Segment:
    """What one stream carries: `lines` of what was sent, in order, and how the rest of what was read fared."""

    read: int = 0
    malformed: int = 0
    unchanged: int = 0
    lines: list[int] = field(default_factory=list)
    end: int = 0
    line: int = 0


class MovieLensImport:
    """`run` once. Killed at any moment it leaves a checkpoint behind; what it sends again then changes nothing."""

    def __init__(
        self, dataset: Dataset, platform: Platform, checkpoint: Checkpoint, problems: Problems, told: Told, *, keep_demo: bool = False
    ) -> None:
        self._dataset, self._layout = dataset, dataset.layout
        self._platform, self._checkpoint, self._problems, self._told = platform, checkpoint, problems, told
        self._keep_demo = keep_demo

    async def run(self) -> Summary:
        began = time.monotonic()
        progress = self._checkpoint.load()
        resumed = progress.begun
        await self._demo_ratings(force=False)  # a platform that is away, or does not take the token, is told before anything is read
        catalogue = Catalogue.load(self._dataset, self._problems, self._told)
        await self._movies(catalogue, progress)
        await self._metadata(catalogue, progress)
        await self._purge_demo(progress)
        await self._ratings(catalogue, progress)
        await self._purge_demo(progress)  # the demo may have been loading meanwhile
        self._checkpoint.remove()
        return Summary(self._dataset, catalogue, progress, self._problems, resumed, time.monotonic() - began)

    async def _movies(self, catalogue: Catalogue, progress: Progress) -> None:
        async def messages(entries: Sequence[Entry], segment: _Segment) -> AsyncIterator[ImportMoviesRequest]:
            for batch in _batches(entries):
                request = BatchGetMoviesRequest(names=[f"movies/{entry.id}" for entry in batch])
                answer = await self._platform.ask(self._platform.movies.BatchGetMovies, request, BatchGetMoviesResponse)
                existing = {movie.name: movie for movie in answer.movies}
                made = [(entry, movie_gaps(existing.get(f"movies/{entry.id}"), catalogue.movie(entry))) for entry in batch]
                wanted = _noted(segment, made)
                if wanted:
                    yield ImportMoviesRequest(movies=wanted)

        async def send(entries: Sequence[Entry], segment: _Segment) -> ImportMoviesResponse:
            return await self._platform.send(self._platform.movies.ImportMovies, messages(entries, segment), ImportMoviesResponse)

        await self._in_segments("movies", catalogue, progress, progress.movies, send)

    async def _metadata(self, catalogue: Catalogue, progress: Progress) -> None:
        async def messages(entries: Sequence[Entry], segment: _Segment) -> AsyncIterator[ImportMovieMetadataRequest]:
            for batch in _batches(entries):
                request = BatchGetMovieMetadataRequest(names=[f"movies/{entry.id}/metadata" for entry in batch])
                method = self._platform.metadata.BatchGetMovieMetadata
                answer = await self._platform.ask(method, request, BatchGetMovieMetadataResponse)
                existing = {document.name: document for document in answer.metadata}
                made = [(entry, metadata_gaps(existing.get(f"movies/{entry.id}/metadata"), catalogue.metadata(entry))) for entry in batch]
                wanted = _noted(segment, made)
                if wanted:
                    yield ImportMovieMetadataRequest(metadata=wanted)

        async def send(entries: Sequence[Entry], segment: _Segment) -> ImportMovieMetadataResponse:
            method = self._platform.metadata.ImportMovieMetadata
            return await self._platform.send(method, messages(entries, segment), ImportMovieMetadataResponse)

        await self._in_segments("metadata", catalogue, progress, progress.metadata, send)

    async def _in_segments(
        self,
        stage: str,
        catalogue: Catalogue,
        progress: Progress,
        reached: Reached,
        send: Callable[[Sequence[Entry], _Segment], Any],
    ) -> None:
        """Movies and documents: `reached.offset` counts movies."""
        total = len(catalogue.entries)
        self._told(stage, reached.offset, total)
        entries = catalogue.ordered(reached.offset)
        while part := list(islice(entries, MOVIES_PER_STREAM)):
            segment = _Segment()
            answer = await send(part, segment)
            self._rejected(self._layout.movies.file, answer.rejected, segment.lines)
            reached.tally.add(answer)
            reached.tally.unchanged += segment.unchanged
            reached.offset += len(part)
            self._checkpoint.save(progress)
            self._told(stage, reached.offset, total)

    async def _ratings(self, catalogue: Catalogue, progress: Progress) -> None:
        table, reached = self._layout.ratings, progress.ratings
        movies = {number: f"movies/{entry.id}/ratings/{self._layout.users_prefix}" for number, entry in catalogue.entries.items()}
        size = self._dataset.size(table)
        self._told("ratings", reached.offset, size)
        with closing(self._dataset.read(table, reached.offset, reached.line)) as records:
            while True:
                segment = _Segment()
                messages = self._rating_messages(records, movies, segment, size)
                answer = await self._platform.send(self._platform.ratings.ImportRatings, messages, ImportRatingsResponse)
                if not segment.read:
                    break
                self._rejected(table.file, answer.rejected, segment.lines)
                reached.tally.read += segment.read
                reached.tally.rejected += segment.malformed
                reached.tally.add(answer)
                reached.offset, reached.line = segment.end, segment.line
                self._checkpoint.save(progress)
        self._told("ratings", size, size)

    async def _rating_messages(
        self, records: Iterator[Record[RatingRow]], movies: dict[int, str], segment: _Segment, size: int
    ) -> AsyncIterator[ImportRatingsRequest]:
        batch: list[ImportedRating] = []
        for record in islice(records, RATINGS_PER_STREAM):
            segment.read += 1
            segment.end, segment.line = record.end, record.line
            row = record.row
            if row is None or (prefix := movies.get(row.movie)) is None:
                segment.malformed += 1
                problem = record.problem or f"movie {row.movie if row else 0} is not in {self._layout.movies.file}"
                self._problems.add(self._layout.ratings.file, record.line, problem)
                continue
            rating = ImportedRating(name=f"{prefix}{row.user}", score=row.score)
            rating.rate_time.seconds = row.seconds
            rating.rate_time.SetInParent()  # second 0 is a time too
            batch.append(rating)
            segment.lines.append(record.line)
            if len(batch) == ROWS_PER_MESSAGE:
                yield ImportRatingsRequest(ratings=batch, source=SOURCE)
                batch = []
                self._told("ratings", record.end, size)
        if batch:
            yield ImportRatingsRequest(ratings=batch, source=SOURCE)

    async def _purge_demo(self, progress: Progress) -> None:
        """Nobody gave the ratings of the demo: among real ones they would only falsify."""
        if self._keep_demo:
            return
        if purged := await self._demo_ratings(force=True):
            progress.purged += purged
            self._checkpoint.save(progress)

    async def _demo_ratings(self, *, force: bool) -> int:
        """How many there are, or with `force` were."""
        request = PurgeRatingsRequest(source=DEMO_SOURCE, force=force)
        return (await self._platform.ask(self._platform.ratings.PurgeRatings, request, PurgeRatingsResponse)).purge_count

    def _rejected(self, file: str, rejected: Sequence[Rejection], lines: Sequence[int]) -> None:
        """What the platform refused although it looked right here."""
        for each in rejected:
            line = lines[each.index] if 0 <= each.index < len(lines) else 0
            self._problems.add(file, line, f"refused by the platform: {shown(each.name)}: {each.message}")


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    for start in range(0, len(entries), ROWS_PER_MESSAGE):
        yield entries[start : start + ROWS_PER_MESSAGE]


def _noted(segment: _Segment, made: Sequence[tuple[Entry, Any]]) -> list[Any]:
    """Those that have something to send; the others are counted as unchanged."""
    wanted = [(entry, message) for entry, message in made if message is not None]
    segment.unchanged += len(made) - len(wanted)
    segment.lines.extend(entry.line for entry, _ in wanted)
    return [message for _, message in wanted]
