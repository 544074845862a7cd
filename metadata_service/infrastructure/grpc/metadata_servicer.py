"""MetadataService: the contract's messages in, use cases, messages out."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from mesh.call import Call
from mesh.errors import InvalidArgument
from mesh.field_masks import changed_fields
from mesh.paging import decode, encode, page_size
from mesh.postgres.idempotency import once
from metadata_service.application.commands import Patch, upsert_metadata
from metadata_service.application.ports import Reader
from metadata_service.application.queries import View, batch_get_metadata, get_metadata, get_person, list_person_movies
from metadata_service.domain.documents import LocalizedMetadata
from metadata_service.domain.languages import resolve
from metadata_service.infrastructure.grpc import translate
from metadata_service.infrastructure.grpc.importing import Import, violations_of
from metadata_service.infrastructure.postgres.unit_of_work import MetadataUnitOfWork
from reelmesh.metadata.v1.metadata_pb2 import METADATA_VIEW_BASIC, MetadataView
from reelmesh.metadata.v1.metadata_service_pb2 import (
    BatchGetMovieMetadataRequest,
    BatchGetMovieMetadataResponse,
    GetMovieMetadataRequest,
    GetMovieMetadataResponse,
    GetPersonRequest,
    GetPersonResponse,
    ImportMovieMetadataRequest,
    ImportMovieMetadataResponse,
    ListGenresRequest,
    ListGenresResponse,
    ListPersonMoviesRequest,
    ListPersonMoviesResponse,
    UpsertMovieMetadataRequest,
    UpsertMovieMetadataResponse,
)


def _now() -> datetime:
    return datetime.now(UTC)


class MetadataServicer:
    """reelmesh.metadata.v1.MetadataService."""

    def __init__(self, reader: Reader, unit_of_work: Callable[[], MetadataUnitOfWork], clock: Callable[[], datetime] = _now) -> None:
        self._reader, self._unit_of_work, self._clock = reader, unit_of_work, clock

    async def GetMovieMetadata(self, request: GetMovieMetadataRequest, call: Call) -> GetMovieMetadataResponse:
        languages = _languages(request.language_code, call)
        found = await get_metadata(self._reader, translate.movie_of(request.name), languages, _view(request.view))
        return GetMovieMetadataResponse(metadata=translate.localized_message(found))

    async def BatchGetMovieMetadata(self, request: BatchGetMovieMetadataRequest, call: Call) -> BatchGetMovieMetadataResponse:
        movies = [translate.movie_of(name) for name in request.names]
        languages = _languages(request.language_code, call)
        found, missing = await batch_get_metadata(self._reader, movies, languages, _view(request.view))
        return BatchGetMovieMetadataResponse(
            metadata=[translate.localized_message(each) for each in found],
            missing_names=[translate.metadata_name(movie) for movie in missing],
        )

    async def UpsertMovieMetadata(self, request: UpsertMovieMetadataRequest, call: Call) -> UpsertMovieMetadataResponse:
        message = request.metadata
        changed = changed_fields(request.update_mask, message, "metadata")
        violations = violations_of(message, "metadata.")
        if violations:
            raise InvalidArgument(violations)
        patch = Patch(translate.movie_of(message.name), translate.to_document(message), changed)

        async def effect(uow: MetadataUnitOfWork) -> UpsertMovieMetadataResponse:
            after = await upsert_metadata(uow, patch, message.etag, self._clock())
            text = resolve(call.languages, after.document.original_language, after.document.localizations)
            return UpsertMovieMetadataResponse(metadata=translate.localized_message(LocalizedMetadata(after, text)))

        return await once(self._unit_of_work, call, request, UpsertMovieMetadataResponse, effect)

    async def ImportMovieMetadata(self, requests: AsyncIterator[ImportMovieMetadataRequest], call: Call) -> ImportMovieMetadataResponse:
        return await Import(self._unit_of_work, self._clock, call).run(requests)

    async def ListGenres(self, request: ListGenresRequest, call: Call) -> ListGenresResponse:
        size = page_size(request.page_size)
        genres = await self._reader.genres(_after(request), size + 1)
        token = encode([genres[size - 1].id], request) if len(genres) > size else ""
        return ListGenresResponse(genres=[translate.genre_message(genre) for genre in genres[:size]], next_page_token=token)

    async def GetPerson(self, request: GetPersonRequest, call: Call) -> GetPersonResponse:
        person = await get_person(self._reader, request.name.partition("/")[2])
        return GetPersonResponse(person=translate.person_message(person))

    async def ListPersonMovies(self, request: ListPersonMoviesRequest, call: Call) -> ListPersonMoviesResponse:
        size = page_size(request.page_size)
        languages = _languages(request.language_code, call)
        movies = await list_person_movies(self._reader, request.parent.partition("/")[2], _after(request), size + 1, languages)
        token = encode([movies[size - 1].movie], request) if len(movies) > size else ""
        return ListPersonMoviesResponse(movies=[translate.person_movie_message(movie) for movie in movies[:size]], next_page_token=token)


def _languages(language_code: str, call: Call) -> Sequence[str]:
    return (language_code,) if language_code else call.languages


def _view(view: MetadataView.ValueType) -> View:
    return View.CARD if view == METADATA_VIEW_BASIC else View.WHOLE


def _after(request: ListGenresRequest | ListPersonMoviesRequest) -> str:
    """The id that the page before ended with; empty, and so before every id, for the first page."""
    values = decode(request, (str,))
    return str(values[0]) if values else ""
