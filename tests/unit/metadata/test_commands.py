"""What changes a document, and what is told about it, with a fake unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from metadata_service.application.commands import Patch, import_metadata, upsert_metadata
from metadata_service.application.ports import Change
from metadata_service.domain import rules
from metadata_service.domain.documents import CastMember, CrewMember, Document, LocalizedText, MovieMetadata
from metadata_service.domain.errors import DocumentChangedMeanwhile, InvalidDocument
from metadata_service.domain.events import MovieMetadataChanged
from metadata_service.domain.genres import display_name
from metadata_service.domain.people import credits_of

NOW, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 2, tzinfo=UTC)


@dataclass
class FakeUnitOfWork:
    """Documents in a dictionary; it is its own repository."""

    stored: dict[str, MovieMetadata] = field(default_factory=dict)
    events: list[object] = field(default_factory=list)

    @property
    def documents(self) -> "FakeUnitOfWork":
        return self

    def add_event(self, event: object) -> None:
        self.events.append(event)

    async def lock(self, movies: Sequence[str]) -> Mapping[str, MovieMetadata]:
        return {movie: self.stored[movie] for movie in movies if movie in self.stored}

    async def store(self, changes: Sequence[Change]) -> None:
        for change in changes:
            assert self.stored.get(change.after.movie) == change.before
            self.stored[change.after.movie] = change.after


def patch(movie: str = "tt1", **values: object) -> Patch:
    return Patch(movie, Document(**values), frozenset(values))  # type: ignore[arg-type]  # by keyword, any of its fields


async def test_the_first_change_begins_the_document_and_tells_it() -> None:
    uow = FakeUnitOfWork()
    after = await upsert_metadata(uow, patch(genres=("drama",)), "", NOW)
    assert after == MovieMetadata("tt1", Document(genres=("drama",)), 1, NOW, NOW)
    assert uow.events == [MovieMetadataChanged(after)]


async def test_only_the_fields_that_are_named_change_and_each_as_a_whole() -> None:
    uow = FakeUnitOfWork()
    await upsert_metadata(uow, patch(genres=("drama", "war"), keywords=("noir",)), "", NOW)
    after = await upsert_metadata(uow, Patch("tt1", Document(genres=("crime",), keywords=("x",)), frozenset({"genres"})), "r1", LATER)
    assert after.document == Document(genres=("crime",), keywords=("noir",))
    assert (after.revision, after.create_time, after.update_time) == (2, NOW, LATER)


async def test_the_same_values_again_are_neither_written_nor_told() -> None:
    uow = FakeUnitOfWork()
    first = await upsert_metadata(uow, patch(genres=("drama",)), "", NOW)
    assert await upsert_metadata(uow, patch(genres=("drama",)), "", LATER) is first
    assert len(uow.events) == 1


async def test_an_etag_of_another_revision_or_of_no_document_is_refused() -> None:
    uow = FakeUnitOfWork()
    with pytest.raises(DocumentChangedMeanwhile):
        await upsert_metadata(uow, patch(genres=("drama",)), "r1", NOW)
    await upsert_metadata(uow, patch(genres=("drama",)), "", NOW)
    await upsert_metadata(uow, patch(genres=("war",)), "r1", NOW)
    with pytest.raises(DocumentChangedMeanwhile):
        await upsert_metadata(uow, patch(genres=("crime",)), "r1", NOW)


async def test_an_import_counts_what_became_of_each_document_and_tells_each_changed_one_once() -> None:
    uow = FakeUnitOfWork()
    await upsert_metadata(uow, patch("old", genres=("drama",)), "", NOW)
    uow.events.clear()
    patches = [
        patch("new", genres=("war",)),
        patch("old", genres=("drama",)),
        patch("bad", runtime=-1),
        patch("new", keywords=("tank",)),
        patch("old", keywords=("noir",)),
    ]
    outcome = await import_metadata(uow, patches, LATER)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (1, 2, 1)
    assert [(position, error.problems[0].field) for position, error in outcome.rejected] == [(2, "runtime")]
    assert uow.stored["new"].document == Document(genres=("war",), keywords=("tank",))
    assert uow.events == [MovieMetadataChanged(uow.stored["new"]), MovieMetadataChanged(uow.stored["old"])]


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        (Document(runtime=0), ["runtime"]),
        (Document(runtime=rules.MAX_RUNTIME_SECONDS + 1), ["runtime"]),
        (Document(localizations=(LocalizedText("pt-BR"), LocalizedText("PT-br"))), ["localizations"]),
        (Document(keywords=("a", "")), ["keywords"]),
        (Document(external_ids=(("imdb", ""),)), ["external_ids"]),
        (Document(external_ids=(("im\0db", "x"),)), ["external_ids"]),
        (Document(external_ids=(("imdb", "x" * 101),)), ["external_ids"]),
        (Document(localizations=tuple(LocalizedText(f"x{i}", overview="é" * 10_000) for i in range(30))), [""]),
        (Document(runtime=0, keywords=("",)), ["runtime", "keywords"]),
    ],
)
def test_every_broken_rule_is_named(document: Document, fields: list[str]) -> None:
    with pytest.raises(InvalidDocument) as caught:
        rules.check(document)
    assert [problem.field for problem in caught.value.problems] == fields


def test_a_person_has_one_credit_with_all_that_was_done() -> None:
    cast = (CastMember("ann", "Ann", "The Queen"), CastMember("ann", "Ann", "The Maid"), CastMember("bob", "Bob", ""))
    crew = (CrewMember("ann", "Ann B.", "Directing", "Director"), CrewMember("ann", "Ann B.", "Production", "Director"))
    found = credits_of(Document(cast=cast, crew=crew))
    assert list(found) == ["ann", "bob"]
    assert (found["ann"].display_name, found["ann"].characters, found["ann"].jobs) == ("Ann B.", ("The Queen", "The Maid"), ("Director",))
    assert (found["bob"].characters, found["bob"].jobs) == ((), ())


@pytest.mark.parametrize(
    ("genre", "name"),
    [
        ("drama", "Drama"),
        ("science-fiction", "Science Fiction"),
        ("film-noir", "Film-Noir"),
        ("sword-and-sandal", "Sword and Sandal"),
        ("a-", "A"),
    ],
)
def test_a_genre_is_shown_by_its_english_name(genre: str, name: str) -> None:
    assert display_name(genre) == name
