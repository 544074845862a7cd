"""The import: what is stored, what is left out, what is told."""

import pytest

from mesh.postgres.database import Database
from reelmesh.metadata.v1.metadata_pb2 import LocalizedText, MovieMetadata
from reelmesh.metadata.v1.metadata_service_pb2 import ImportMovieMetadataResponse
from tests.component.metadata.catalogue import Catalogue, document, plays, told

pytestmark = pytest.mark.asyncio(loop_scope="session")


def counts(answer: ImportMovieMetadataResponse) -> tuple[int, int, int, int]:
    return answer.created_count, answer.updated_count, answer.unchanged_count, answer.rejected_count


async def test_the_same_stream_again_changes_nothing_and_tells_nothing(service: Catalogue, database: Database) -> None:
    stream = [[document(f"again-{n}", genres=["again"], cast=[plays("again")], keywords=["A"]) for n in range(k, k + 3)] for k in (0, 3)]
    assert counts(await service.take(*stream)) == (6, 0, 0, 0)
    first = await service.get("again-0")
    assert counts(await service.take(*stream)) == (0, 0, 6, 0)
    assert await service.get("again-0") == first
    assert len(await told(database, "again-0")) == 1
    assert (await service.genres())["again"] == 6


async def test_populated_fields_are_merged_into_documents_that_exist(service: Catalogue, database: Database) -> None:
    await service.put(document("merge", genres=["merge-a"], keywords=["one"]))
    messages = [document("merge", keywords=["two"]), document("merge", countries=["US"], etag="ignored"), document("merge")]
    assert counts(await service.take(messages)) == (0, 2, 1, 0)
    found = await service.get("merge")
    assert (list(found.genres), list(found.keywords), list(found.countries)) == (["merge-a"], ["two"], ["US"])
    assert [event.etag for event in await told(database, "merge")] == ["r1", found.etag]


async def test_documents_that_break_a_rule_are_left_out_and_reported_with_their_place_in_the_stream(service: Catalogue) -> None:
    twice = [LocalizedText(language_code="en", title="A"), LocalizedText(language_code="EN", title="B")]
    answer = await service.take(
        [document("left-1"), document("left-2", genres=["UPPER"])],
        [
            document("left-3", localizations=twice),
            MovieMetadata(genres=["x"]),
            document("left-4"),
            document("left-5", external_ids={"": "1"}),
        ],
    )
    assert counts(answer) == (2, 0, 0, 4)
    reported = [(each.index, each.name, each.reason, each.message.partition(":")[0]) for each in answer.rejected]
    assert reported == [
        (1, "movies/left-2/metadata", "INVALID_ARGUMENT", "genres[0]"),
        (2, "movies/left-3/metadata", "INVALID_ARGUMENT", "localizations"),
        (3, "", "INVALID_ARGUMENT", "name"),
        (5, "movies/left-5/metadata", "INVALID_ARGUMENT", "external_ids"),
    ]


async def test_of_many_that_are_left_out_the_first_hundred_are_reported(service: Catalogue) -> None:
    answer = await service.take(*[[document(f"bad-{n}", genres=["UPPER"]) for n in range(k, k + 60)] for k in (0, 60)])
    assert answer.rejected_count == 120
    assert [each.index for each in answer.rejected] == list(range(100))


async def test_validate_only_counts_and_stores_nothing(service: Catalogue) -> None:
    answer = await service.take([document("dry", genres=["dry"]), document("dry-2", genres=["UPPER"])], validate_only=True)
    assert counts(answer) == (1, 0, 0, 1)
    assert "dry" not in await service.genres()
    assert counts(await service.take([document("dry", genres=["dry"])])) == (1, 0, 0, 0)
