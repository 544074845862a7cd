"""The page of one movie, composed from all contexts."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from mesh.call import Call, Deadline
from mesh.errors import MeshError
from movie_service.application.parts import Parts
from movie_service.application.ports import CardText, Catalogue, Metadata, MetadataCards, Ratings, SimilarMovies
from movie_service.domain.errors import MovieNotFound
from movie_service.domain.movie import Movie, movie_name

SummaryT = TypeVar("SummaryT")
RatingT = TypeVar("RatingT")
DocumentT = TypeVar("DocumentT")

_SIMILAR = 12
# Asked for beyond that, because some may have been deleted here.
_SPARE = 3
_USERS = "users/"


class Part(Enum):
    """What comes from another context."""

    SUMMARY = "summary"
    METADATA = "metadata"
    SIMILAR = "similar"
    OWN_RATING = "own_rating"


@dataclass(frozen=True, slots=True)
class SimilarMovie:
    """A movie like this one, and how much (0 to 1); without a text when metadata has none in the languages of the call, or is away."""

    movie: Movie
    score: float
    text: CardText | None


@dataclass(frozen=True, slots=True)
class Details(Generic[SummaryT, DocumentT]):
    """What everybody sees of a movie. A part that is neither here nor in `unavailable` does not exist."""

    movie: Movie
    summary: SummaryT | None
    metadata: DocumentT | None
    similar: Sequence[SimilarMovie]
    unavailable: Sequence[Part]


class MovieDetails(Generic[SummaryT, RatingT, DocumentT]):
    """Composes the page."""

    def __init__(
        self,
        catalogue: Catalogue,
        ratings: Ratings[SummaryT, RatingT],
        metadata: Metadata[DocumentT],
        cards: MetadataCards,
        similar: SimilarMovies,
    ) -> None:
        self._catalogue, self._ratings, self._metadata, self._cards, self._similar = catalogue, ratings, metadata, cards, similar

    async def compose(self, movie_id: str, call: Call, deadline: Deadline) -> Details[SummaryT, DocumentT]:
        """Everything side by side; only a movie that is missing or deleted fails it."""
        async with Parts[Part](call, deadline) as parts:
            summary = parts.start(Part.SUMMARY, self._ratings.summary(movie_id))
            metadata = parts.start(Part.METADATA, self._metadata.document(movie_id))
            similar = parts.start(Part.SIMILAR, self._similar_movies(movie_id))
            movie = await self._catalogue.find(movie_id)
            if movie is None or movie.is_deleted:
                raise MovieNotFound(movie_name(movie_id))
        return Details(
            movie=movie,
            summary=parts.result(summary),
            metadata=parts.result(metadata),
            similar=parts.result(similar) or (),
            unavailable=parts.unavailable,
        )

    async def _similar_movies(self, movie_id: str) -> Sequence[SimilarMovie]:
        """The recommender says which and how much, the catalogue and metadata what they are called: one call to each."""
        alike = await self._similar.similar(movie_id, _SIMILAR + _SPARE)
        if not alike:
            return ()
        ids = [each.movie_id for each in alike]
        movies, texts = await asyncio.gather(self._catalogue.find_many(ids), self._texts(ids))
        shown = [each for each in alike if each.movie_id in movies and not movies[each.movie_id].is_deleted][:_SIMILAR]
        return [SimilarMovie(movies[each.movie_id], each.score, texts.get(each.movie_id)) for each in shown]

    async def _texts(self, movie_ids: Collection[str]) -> Mapping[str, CardText]:
        """Titles of the catalogue do when metadata has none."""
        try:
            return await self._cards.cards(movie_ids)
        except MeshError:
            return {}

    async def own_rating(self, movie_id: str, call: Call) -> RatingT | None:
        """The caller's own; None without one, and for callers that are no users."""
        subject = call.principal.subject
        return await self._ratings.own_rating(movie_id, subject.removeprefix(_USERS)) if subject.startswith(_USERS) else None
