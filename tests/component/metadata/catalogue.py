"""The metadata service in the words of its tests."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mesh.postgres.database import Database
from mesh.postgres.statements import text_statement
from reelmesh.metadata.v1 import metadata_service_pb2 as pb
from reelmesh.metadata.v1.events_pb2 import MovieMetadataChanged
from reelmesh.metadata.v1.metadata_pb2 import CastMember, MetadataView, MovieMetadata
from tests.services import admin

if TYPE_CHECKING:  # the name exists for type checkers only
    from reelmesh.metadata.v1.metadata_service_pb2_grpc import MetadataServiceAsyncStub

_EVENTS = text_statement("SELECT payload FROM outbox WHERE key = %(key)s ORDER BY id")


def document(movie: str, **values: object) -> MovieMetadata:
    return MovieMetadata(name=f"movies/{movie}/metadata", **values)  # type: ignore[arg-type]  # by keyword, any of its fields


def plays(person: str, character: str = "", name: str = "") -> CastMember:
    return CastMember(person=f"people/{person}", display_name=name or person.title(), character=character)


class Catalogue:
    """`stub` is there for everything that has no short form."""

    def __init__(self, stub: "MetadataServiceAsyncStub") -> None:
        self.stub = stub

    async def put(self, message: MovieMetadata, *paths: str, request_id: str = "") -> MovieMetadata:
        request = pb.UpsertMovieMetadataRequest(metadata=message, request_id=request_id)
        request.update_mask.paths.extend(paths)
        return (await self.stub.UpsertMovieMetadata(request, metadata=admin())).metadata

    async def get(
        self, movie: str, language: str = "", view: MetadataView.ValueType = MetadataView.METADATA_VIEW_UNSPECIFIED, accept: str = ""
    ) -> MovieMetadata:
        request = pb.GetMovieMetadataRequest(name=f"movies/{movie}/metadata", language_code=language, view=view)
        headers = (("accept-language", accept),) if accept else ()
        return (await self.stub.GetMovieMetadata(request, metadata=headers)).metadata

    async def take(self, *messages: Sequence[MovieMetadata], validate_only: bool = False) -> pb.ImportMovieMetadataResponse:
        requests = [pb.ImportMovieMetadataRequest(metadata=message, validate_only=validate_only) for message in messages]
        return await self.stub.ImportMovieMetadata(iter(requests), metadata=admin())

    async def genres(self, page_size: int = 1000) -> dict[str, int]:
        answer = await self.stub.ListGenres(pb.ListGenresRequest(page_size=page_size))
        return {genre.name.removeprefix("genres/"): genre.movie_count for genre in answer.genres}

    async def movies_of(self, person: str, page_size: int = 0, language: str = "") -> list[pb.ListPersonMoviesResponse]:
        """All pages."""
        request = pb.ListPersonMoviesRequest(parent=f"people/{person}", page_size=page_size, language_code=language)
        pages = [await self.stub.ListPersonMovies(request)]
        while pages[-1].next_page_token:
            request.page_token = pages[-1].next_page_token
            pages.append(await self.stub.ListPersonMovies(request))
        return pages


async def told(database: Database, movie: str) -> list[MovieMetadata]:
    """The documents in the events of this movie, in order."""
    rows = await database.fetch_all(_EVENTS, key=f"movies/{movie}")
    return [MovieMetadataChanged.FromString(payload).metadata for (payload,) in rows]
