"""The page of one movie, composed from all contexts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from mesh.call import Call, Deadline
from movie_service.application.parts import Parts
from movie_service.application.ports import Catalogue, Metadata, Ratings, SimilarMovie, SimilarMovies
from movie_service.domain.errors import MovieNotFound
from movie_service.domain.movie import Movie, movie_name

SummaryT = TypeVar("SummaryT")
RatingT = TypeVar("RatingT")
DocumentT = TypeVar("DocumentT")

_SIMILAR = 12
_USERS = "users/"


class Part(Enum):
    """What comes from another context."""

    SUMMARY = "summary"
    METADATA = "metadata"
    SIMILAR = "similar"
    OWN_RATING = "own_rating"


@dataclass(frozen=True, slots=True)
class Details(Generic[SummaryT, DocumentT]):
    """What everybody sees of a movie. A part that is neither here nor in `unavailable` does not exist."""

    movie: Movie
    summary: SummaryT | None
    metadata: DocumentT | None
    similar: Sequence[SimilarMovie]
    unavailable: Sequence[Part]


class MovieDetails(Generic[SummaryT, RatingT, DocumentT]):
    """Composes the page; without a recommender the similar movies are unavailable."""

    def __init__(
        self,
        catalogue: Catalogue,
        ratings: Ratings[SummaryT, RatingT],
        metadata: Metadata[DocumentT],
        similar: SimilarMovies | None = None,
    ) -> None:
        self._catalogue, self._ratings, self._metadata, self._similar = catalogue, ratings, metadata, similar

    @property
    def lasting_gaps(self) -> frozenset[Part]:
        """Parts that nobody provides: missing them, an answer is as complete as it can be."""
        return frozenset() if self._similar else frozenset({Part.SIMILAR})

    async def compose(self, movie_id: str, call: Call, deadline: Deadline) -> Details[SummaryT, DocumentT]:
        """Everything side by side; only a movie that is missing or deleted fails it."""
        async with Parts[Part](call, deadline) as parts:
            summary = parts.start(Part.SUMMARY, self._ratings.summary(movie_id))
            metadata = parts.start(Part.METADATA, self._metadata.document(movie_id))
            similar = parts.start(Part.SIMILAR, self._similar.similar(movie_id, _SIMILAR)) if self._similar else None
            movie = await self._catalogue.find(movie_id)
            if movie is None or movie.is_deleted:
                raise MovieNotFound(movie_name(movie_id))
        return Details(
            movie=movie,
            summary=parts.result(summary),
            metadata=parts.result(metadata),
            similar=(parts.result(similar) if similar else None) or (),
            unavailable=[*parts.unavailable, *self.lasting_gaps],
        )

    async def own_rating(self, movie_id: str, call: Call) -> RatingT | None:
        """The caller's own; None without one, and for callers that are no users."""
        subject = call.principal.subject
        return await self._ratings.own_rating(movie_id, subject.removeprefix(_USERS)) if subject.startswith(_USERS) else None
