"""Every error that the contract names, as a caller sees it."""

from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from reelmesh.metadata.v1 import metadata_service_pb2 as pb
from reelmesh.metadata.v1.metadata_pb2 import CastMember, Image, LocalizedText, MovieMetadata
from tests.component.metadata.catalogue import Catalogue, document
from tests.services import admin, failure

pytestmark = pytest.mark.asyncio(loop_scope="session")
INVALID, NOT_FOUND, ABORTED = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.ABORTED


def upsert(message: MovieMetadata, *paths: str, request_id: str = "") -> tuple[str, Any]:
    return "UpsertMovieMetadata", pb.UpsertMovieMetadataRequest(metadata=message, update_mask=FieldMask(paths=paths), request_id=request_id)


def batch(*names: str) -> tuple[str, Any]:
    return "BatchGetMovieMetadata", pb.BatchGetMovieMetadataRequest(names=names)


def localized(*tags: str) -> MovieMetadata:
    return document("e", localizations=[LocalizedText(language_code=tag) for tag in tags])


CASES = [
    (("GetMovieMetadata", pb.GetMovieMetadataRequest(name="movies/nobody/metadata")), NOT_FOUND, "METADATA_NOT_FOUND", []),
    (("GetMovieMetadata", pb.GetMovieMetadataRequest(name="movies/nobody")), INVALID, "INVALID_ARGUMENT", ["name"]),
    (("GetMovieMetadata", pb.GetMovieMetadataRequest()), INVALID, "INVALID_ARGUMENT", ["name"]),
    (
        ("GetMovieMetadata", pb.GetMovieMetadataRequest(name="movies/e/metadata", language_code="!")),
        INVALID,
        "INVALID_ARGUMENT",
        ["language_code"],
    ),
    (batch(), INVALID, "INVALID_ARGUMENT", ["names"]),
    (batch("movies/e/metadata", "movies/e/metadata"), INVALID, "INVALID_ARGUMENT", ["names"]),
    (batch(*(f"movies/e{n}/metadata" for n in range(1001))), INVALID, "INVALID_ARGUMENT", ["names"]),
    (upsert(document("e"), "nonsense"), INVALID, "INVALID_ARGUMENT", ["update_mask"]),
    (upsert(document("e"), "etag", "resolved"), INVALID, "INVALID_ARGUMENT", ["update_mask", "update_mask"]),
    (upsert(localized("pt-BR", "pt-br")), INVALID, "INVALID_ARGUMENT", ["metadata.localizations"]),
    (upsert(MovieMetadata(genres=["x"])), INVALID, "INVALID_ARGUMENT", ["metadata.name"]),
    (upsert(document("e", genres=["X"])), INVALID, "INVALID_ARGUMENT", ["metadata.genres[0]"]),
    (upsert(document("e", runtime=Duration(seconds=1, nanos=5))), INVALID, "INVALID_ARGUMENT", ["metadata.runtime"]),
    (upsert(document("e", runtime=Duration(seconds=-1))), INVALID, "INVALID_ARGUMENT", ["metadata.runtime"]),
    (upsert(document("e", keywords=[" "])), INVALID, "INVALID_ARGUMENT", ["metadata.keywords"]),
    (upsert(document("e", keywords=["a\0"])), INVALID, "INVALID_ARGUMENT", ["metadata.keywords[0]"]),
    (upsert(document("e", external_ids={"imdb": "a\0"})), INVALID, "INVALID_ARGUMENT", ["metadata.external_ids"]),
    (upsert(document("e", cast=[CastMember()])), INVALID, "INVALID_ARGUMENT", ["metadata.cast[0].person", "metadata.cast[0].display_name"]),
    (upsert(document("e", images=[Image(uri="https://e.org/")])), INVALID, "INVALID_ARGUMENT", ["metadata.images[0].kind"]),
    (upsert(document("nobody", etag="r1", genres=["e"])), ABORTED, "ETAG_MISMATCH", []),
    (("ListGenres", pb.ListGenresRequest(page_size=-1)), INVALID, "INVALID_ARGUMENT", ["page_size"]),
    (("ListGenres", pb.ListGenresRequest(page_token="e")), INVALID, "INVALID_ARGUMENT", ["page_token"]),
    (("GetPerson", pb.GetPersonRequest(name="people/nobody")), NOT_FOUND, "PERSON_NOT_FOUND", []),
    (("GetPerson", pb.GetPersonRequest(name="nobody")), INVALID, "INVALID_ARGUMENT", ["name"]),
    (("ListPersonMovies", pb.ListPersonMoviesRequest(parent="people/nobody")), NOT_FOUND, "PERSON_NOT_FOUND", []),
    (("ListPersonMovies", pb.ListPersonMoviesRequest(parent="people/e", page_size=-1)), INVALID, "INVALID_ARGUMENT", ["page_size"]),
]


@pytest.mark.parametrize(("call", "code", "reason", "fields"), CASES)
async def test_the_error_is_the_one_that_the_contract_names(
    service: Catalogue, call: tuple[str, Any], code: grpc.StatusCode, reason: str, fields: list[str]
) -> None:
    method, request = call
    answer = await failure(getattr(service.stub, method)(request, metadata=admin()))
    assert (answer.code, answer.reason, answer.fields) == (code, reason, fields), answer.message
    assert answer.info is not None
    assert answer.info.domain == "reelmesh.metadata"


async def test_a_page_token_of_other_arguments_is_refused(service: Catalogue) -> None:
    for movie in ("token-1", "token-2"):
        await service.put(document(movie, cast=[CastMember(person="people/token", display_name="T")]))
    request = pb.ListPersonMoviesRequest(parent="people/token", page_size=1)
    token = (await service.stub.ListPersonMovies(request)).next_page_token
    other = pb.ListPersonMoviesRequest(parent="people/token", page_size=1, page_token=token, language_code="pt")
    answer = await failure(service.stub.ListPersonMovies(other))
    assert (answer.code, answer.fields) == (INVALID, ["page_token"])


async def test_a_message_of_an_import_that_is_too_large_or_names_nothing_fails_the_import(service: Catalogue) -> None:
    too_many = [document(f"too-many-{n}") for n in range(501)]
    for message in (too_many, []):
        answer = await failure(service.take(message))
        assert (answer.code, answer.reason, answer.fields) == (INVALID, "INVALID_ARGUMENT", ["metadata"])
