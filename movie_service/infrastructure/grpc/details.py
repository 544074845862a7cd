"""GetMovieDetails: the composed page, kept until an event of one of its contexts makes it old."""

from collections.abc import Hashable, Iterable

from mesh.call import Call
from movie_service.application.details import Details, MovieDetails, Part
from movie_service.application.parts import BUDGET_SECONDS, Parts, on_behalf_of_nobody, parts_deadline
from movie_service.domain.movie import movie_id_of
from movie_service.infrastructure.grpc.answers import Answers, Beside, DetailsKey
from movie_service.infrastructure.grpc.composed import kept_or_composed
from movie_service.infrastructure.grpc.translate import movie_to_proto
from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata
from reelmesh.movie.v1.movie_pb2 import SimilarMovie
from reelmesh.movie.v1.movie_service_pb2 import GetMovieDetailsRequest, GetMovieDetailsResponse
from reelmesh.rating.v1.rating_pb2 import Rating, RatingSummary

_PARTS = {
    Part.SUMMARY: GetMovieDetailsResponse.PART_SUMMARY,
    Part.METADATA: GetMovieDetailsResponse.PART_METADATA,
    Part.SIMILAR: GetMovieDetailsResponse.PART_SIMILAR,
    Part.OWN_RATING: GetMovieDetailsResponse.PART_OWN_RATING,
}


class DetailsEndpoint:
    """`budget` is the most seconds that a part may take."""

    def __init__(
        self, details: MovieDetails[RatingSummary, Rating, MovieMetadata], answers: Answers, budget: float = BUDGET_SECONDS
    ) -> None:
        self._details, self._answers, self._budget = details, answers, budget

    async def GetMovieDetails(self, request: GetMovieDetailsRequest, call: Call) -> GetMovieDetailsResponse:
        languages = (request.language_code,) if request.language_code else call.languages
        if call.principal.is_anonymous:
            return await self._public(request.name, languages, call)
        async with Parts[Part](call, parts_deadline(call, self._budget)) as parts:
            own_rating = parts.start(Part.OWN_RATING, self._details.own_rating(movie_id_of(request.name), call))
            public = await self._public(request.name, languages, call)
        # The kept answer is everybody's: what is the caller's goes into a message of its own.
        answer = GetMovieDetailsResponse()
        answer.CopyFrom(public)
        answer.unavailable_parts.extend(_PARTS[part] for part in parts.unavailable)
        found = parts.result(own_rating)
        if found is not None:
            answer.own_rating.CopyFrom(found)
        return answer

    async def _public(self, name: str, languages: tuple[str, ...], call: Call) -> GetMovieDetailsResponse:
        key = DetailsKey(name, tuple(language.lower() for language in languages))
        ready = self._answers.details.ready(key)
        if ready is not None:
            return ready
        deadline = parts_deadline(call, self._budget)
        for_all = on_behalf_of_nobody(call, languages)

        async def compose() -> tuple[GetMovieDetailsResponse, bool]:
            details = await self._details.compose(movie_id_of(name), for_all, deadline)
            return _answer(details), not details.unavailable

        return await kept_or_composed(self._answers.details, key, compose, for_all, deadline, _tags)


def _tags(answer: GetMovieDetailsResponse) -> Iterable[Hashable]:
    """The movie, and those that are shown beside it: of these only the catalogue's own changes matter."""
    return answer.movie.name, *(Beside(each.name) for each in answer.similar)


def _answer(details: Details[RatingSummary, MovieMetadata]) -> GetMovieDetailsResponse:
    return GetMovieDetailsResponse(
        movie=movie_to_proto(details.movie),
        summary=details.summary,
        metadata=details.metadata,
        similar=[
            SimilarMovie(
                name=each.movie.name,
                title=(each.text.title if each.text else "") or each.movie.facts.title,
                release_year=each.movie.facts.release_year,
                score=each.score,
            )
            for each in details.similar
        ],
        unavailable_parts=[_PARTS[part] for part in details.unavailable],
    )
