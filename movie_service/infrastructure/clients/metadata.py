"""The metadata context behind our ports; the channel passes on the languages of the current call."""

from collections.abc import Collection, Mapping

import grpc

from mesh.call import current_call
from movie_service.application.ports import CardText
from movie_service.domain.movie import movie_id_of, movie_name
from reelmesh.metadata.v1 import metadata_service_pb2 as pb
from reelmesh.metadata.v1.metadata_pb2 import METADATA_VIEW_BASIC, METADATA_VIEW_FULL, Image, MovieMetadata
from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceStub


class GrpcMetadata:
    """The ports `Metadata` and `MetadataCards`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = MetadataServiceStub(channel)

    async def document(self, movie_id: str) -> MovieMetadata | None:
        # In a batch, where one that is missing is an answer: gRPC's outlier ejection takes NOT_FOUND for a failure of the instance.
        request = pb.BatchGetMovieMetadataRequest(names=[_document_name(movie_id)], view=METADATA_VIEW_FULL)
        return next(iter((await self._stub.BatchGetMovieMetadata(request)).metadata), None)

    async def cards(self, movie_ids: Collection[str]) -> Mapping[str, CardText]:
        request = pb.BatchGetMovieMetadataRequest(names=map(_document_name, movie_ids), view=METADATA_VIEW_BASIC)
        documents = (await self._stub.BatchGetMovieMetadata(request)).metadata
        return {movie_id_of(document.name): CardText(_asked_title(document), _poster(document)) for document in documents}


def _asked_title(document: MovieMetadata) -> str:
    """Empty when there is none in a language of the call: the catalogue's own title is better than one in a language nobody asked for."""
    call = current_call.get()
    asked = {_primary(language) for language in call.languages} if call else set()
    return document.resolved.title if _primary(document.resolved.language_code) in asked else ""


def _primary(language: str) -> str:
    return language.lower().partition("-")[0]


def _poster(document: MovieMetadata) -> str:
    return next((image.uri for image in document.images if image.kind == Image.KIND_POSTER), "")


def _document_name(movie_id: str) -> str:
    return f"{movie_name(movie_id)}/metadata"
