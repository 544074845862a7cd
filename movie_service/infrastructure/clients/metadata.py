"""The metadata context behind our ports; the channel passes on the languages of the current call."""

from collections.abc import Collection, Mapping

import grpc

from mesh.call import current_call
from mesh.gathering import Gathering
from movie_service.application.ports import CardText
from movie_service.domain.movie import movie_id_of, movie_name
from reelmesh.metadata.v1 import metadata_service_pb2 as pb
from reelmesh.metadata.v1.metadata_pb2 import METADATA_VIEW_BASIC, METADATA_VIEW_FULL, Image, MetadataView, MovieMetadata
from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceStub

# One may have 500 KB, an answer 4 MiB.
_DOCUMENTS_AT_ONCE = 7


class GrpcMetadata:
    """The ports `Metadata` and `MetadataCards`."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = MetadataServiceStub(channel)
        self._gathered = Gathering(self._documents, most=_DOCUMENTS_AT_ONCE)

    async def document(self, movie_id: str) -> MovieMetadata | None:
        return await self._gathered.get(movie_id)

    async def cards(self, movie_ids: Collection[str]) -> Mapping[str, CardText]:
        found = await self._batch(movie_ids, METADATA_VIEW_BASIC)
        return {movie_id: CardText(_asked_title(document), _poster(document)) for movie_id, document in found.items()}

    async def _documents(self, movie_ids: Collection[str]) -> Mapping[str, MovieMetadata]:
        return await self._batch(movie_ids, METADATA_VIEW_FULL)

    async def _batch(self, movie_ids: Collection[str], view: MetadataView.ValueType) -> Mapping[str, MovieMetadata]:
        # Also of one: what is missing is an answer here, while gRPC's outlier ejection takes NOT_FOUND for a failure of the instance.
        request = pb.BatchGetMovieMetadataRequest(names=map(_document_name, movie_ids), view=view)
        return {movie_id_of(document.name): document for document in (await self._stub.BatchGetMovieMetadata(request)).metadata}


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
