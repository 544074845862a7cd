"""Documents over gRPC: begun, changed, read in a language and in a view."""

import asyncio

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from mesh.postgres.database import Database
from reelmesh.metadata.v1 import metadata_service_pb2 as pb
from reelmesh.metadata.v1.metadata_pb2 import METADATA_VIEW_BASIC, METADATA_VIEW_FULL, CrewMember, Image, LocalizedText, MovieMetadata
from tests.component.metadata.catalogue import Catalogue, document, plays, told
from tests.services import admin, failure

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRANGE = 'Ünïcödé "quoted" \\ 日本 🎬 \u2028 \x01\n'


def everything(movie: str) -> MovieMetadata:
    return document(
        movie,
        original_language="en",
        genres=["whole-b", "whole-a"],
        keywords=["noir", "zeitgeist é"],
        cast=[plays("whole-ann", STRANGE), plays("whole-bob")],
        crew=[CrewMember(person="people/whole-ann", display_name="Ann", department="Directing", job="Director")],
        runtime=Duration(seconds=5400),
        countries=["US", "BR"],
        spoken_languages=["pt-BR", "en"],
        images=[Image(kind=Image.KIND_LOGO, uri="https://example.org/a.png", width=10, height=20, language_code="en")],
        external_ids={"tmdb": "862", "imdb": "tt0114709"},
        localizations=[
            LocalizedText(language_code="en", title="Title", overview=STRANGE, tagline="Line"),
            LocalizedText(language_code="pt-BR", title="Título"),
        ],
    )


def caller_part(message: MovieMetadata) -> MovieMetadata:
    mine = MovieMetadata()
    mine.CopyFrom(message)
    for field in ("resolved", "create_time", "update_time", "etag"):
        mine.ClearField(field)
    return mine


async def test_a_whole_document_is_read_as_it_was_written_and_told(service: Catalogue, database: Database) -> None:
    sent = everything("whole")
    written = await service.put(sent)
    assert caller_part(written) == sent
    assert await service.get("whole") == written
    (event,) = await told(database, "whole")
    assert not event.HasField("resolved")
    written.ClearField("resolved")
    assert event == written


async def test_a_card_leaves_out_what_a_card_does_not_show(service: Catalogue) -> None:
    await service.put(everything("card"))
    whole, card = await service.get("card", "pt"), await service.get("card", "pt", METADATA_VIEW_BASIC)
    for field in ("keywords", "cast", "crew", "localizations"):
        assert not getattr(card, field)
        whole.ClearField(field)
    assert card == whole
    assert card.resolved == LocalizedText(language_code="pt-BR", title="Título", overview=STRANGE, tagline="Line")


@pytest.mark.parametrize(
    ("language", "accept", "title"),
    [
        ("pt", "", "Título"),
        ("PT-br", "", "Título"),
        ("", "de, pt-BR;q=0.8", "Título"),
        ("en-GB", "pt-BR", "Title"),
        ("ja", "", "Title"),
        ("", "", "Title"),
    ],
)
async def test_both_views_and_the_batch_resolve_alike(service: Catalogue, language: str, accept: str, title: str) -> None:
    await service.put(everything("resolved"))
    card = await service.get("resolved", language, METADATA_VIEW_BASIC, accept)
    request = pb.BatchGetMovieMetadataRequest(names=["movies/resolved/metadata"], language_code=language, view=METADATA_VIEW_BASIC)
    batch = await service.stub.BatchGetMovieMetadata(request, metadata=(("accept-language", accept),) if accept else ())
    assert card.resolved.title == title
    assert card.resolved == (await service.get("resolved", language, accept=accept)).resolved == batch.metadata[0].resolved


async def test_a_batch_keeps_the_order_and_names_what_is_missing(service: Catalogue) -> None:
    for movie in ("batch-1", "batch-2"):
        await service.put(document(movie, genres=["batch"]))
    names = [f"movies/{movie}/metadata" for movie in ("batch-2", "batch-0", "batch-1", "batch-9")]
    for view in (METADATA_VIEW_FULL, METADATA_VIEW_BASIC):
        answer = await service.stub.BatchGetMovieMetadata(pb.BatchGetMovieMetadataRequest(names=names, view=view))
        assert [each.name for each in answer.metadata] == ["movies/batch-2/metadata", "movies/batch-1/metadata"]
        assert list(answer.missing_names) == ["movies/batch-0/metadata", "movies/batch-9/metadata"]


async def test_the_mask_says_what_changes_and_without_one_the_populated_fields_do(service: Catalogue) -> None:
    await service.put(document("mask", genres=["mask-a"], keywords=["one"], countries=["US"]))
    changed = await service.put(document("mask", genres=["mask-b"]))
    assert (list(changed.genres), list(changed.keywords)) == (["mask-b"], ["one"])
    changed = await service.put(document("mask", genres=["mask-c"]), "keywords")
    assert (list(changed.genres), list(changed.keywords)) == (["mask-b"], [])
    changed = await service.put(document("mask", genres=["mask-d"]), "*")
    assert caller_part(changed) == document("mask", genres=["mask-d"])
    changed = await service.put(document("mask", localizations=[LocalizedText(language_code="en", title="T")]), "localizations")
    assert changed.resolved.title == "T"


async def test_nothing_is_written_or_told_when_nothing_changes(service: Catalogue, database: Database) -> None:
    first = await service.put(document("same", genres=["same"]))
    assert await service.put(document("same", genres=["same"])) == first
    assert len(await told(database, "same")) == 1


async def test_an_etag_protects_against_changes_of_others(service: Catalogue) -> None:
    first = await service.put(document("etag", keywords=["a"]))
    second = await service.put(document("etag", keywords=["b"], etag=first.etag))
    assert second.etag != first.etag
    stale = await failure(service.put(document("etag", keywords=["c"], etag=first.etag)))
    assert (stale.code, stale.reason) == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


async def test_a_request_id_has_one_effect(service: Catalogue, database: Database) -> None:
    first = await service.put(document("once", keywords=["a"]), request_id="once-1")
    await service.put(document("once", keywords=["b"]))
    assert await service.put(document("once", keywords=["a"]), request_id="once-1") == first
    assert [list(event.keywords) for event in await told(database, "once")] == [["a"], ["b"]]


async def test_of_many_who_begin_one_document_each_finds_what_the_others_wrote(service: Catalogue, database: Database) -> None:
    fields = ["genres", "keywords", "countries", "spoken_languages"]
    values = ["race", "race", "US", "en"]
    await asyncio.gather(*(service.put(document("race", **{field: [value]})) for field, value in zip(fields, values, strict=True)))
    found = await service.get("race")
    assert [list(getattr(found, field)) for field in fields] == [[value] for value in values]
    assert [event.etag for event in await told(database, "race")] == ["r1", "r2", "r3", "r4"]


async def test_a_document_that_no_event_can_carry_is_refused_also_when_it_grew_bit_by_bit(service: Catalogue) -> None:
    texts = [LocalizedText(language_code=f"x{chr(97 + n)}", title="T", overview="é" * 10_000) for n in range(26)]
    answer = await failure(service.put(document("heavy", localizations=texts)))
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["metadata"])
    assert "512,000 are allowed" in answer.message
    await service.put(document("heavy", localizations=texts[:25]))
    answer = await failure(service.put(document("heavy", keywords=[f"{n}{'é' * 90}" for n in range(400)])))
    assert (answer.code, answer.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["metadata"])


async def test_only_administrators_write(service: Catalogue) -> None:
    request = pb.UpsertMovieMetadataRequest(metadata=document("closed"))
    assert (await failure(service.stub.UpsertMovieMetadata(request))).code is grpc.StatusCode.UNAUTHENTICATED
    assert (await service.stub.UpsertMovieMetadata(request, metadata=admin())).metadata.etag == "r1"
