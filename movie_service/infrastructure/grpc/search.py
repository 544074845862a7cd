"""SearchMovies over the wire."""

from collections.abc import Iterable
from typing import cast

from mesh import paging
from mesh.call import Call
from mesh.errors import InvalidArgument, Violation
from movie_service.application.search import Answer, Filters, Hit, Index, Place, found_where, search
from movie_service.domain.search.highlights import Highlight
from reelmesh.movie.v1 import movie_pb2
from reelmesh.movie.v1.movie_service_pb2 import SearchMoviesRequest, SearchMoviesResponse

_TOKEN = (bool, int, int, str, str)


class SearchEndpoint:
    """One RPC of MovieService, to which its servicer delegates."""

    def __init__(self, index: Index) -> None:
        self._index = index

    async def SearchMovies(self, request: SearchMoviesRequest, call: Call) -> SearchMoviesResponse:
        filters = _filters(request)
        size = paging.page_size(request.page_size)
        after, corrected_query = None, ""
        if (values := paging.decode(request, _TOKEN)) is not None:
            by_popularity, fit, popularity, movie, corrected_query = cast(tuple[bool, int, int, str, str], values)
            after = Place(by_popularity, fit, popularity, movie)
        return _response(request, await search(self._index, request.query, filters, after, size, corrected_query))


def _filters(request: SearchMoviesRequest) -> Filters:
    if 0 < request.year_to < request.year_from:
        raise InvalidArgument(
            [Violation("year_from", "must not be after year_to"), Violation("year_to", "must not be before year_from")],
        )
    return Filters(
        genres_all=tuple(request.genres_all),
        genres_any=tuple(request.genres_any),
        year_from=request.year_from,
        year_to=request.year_to,
        min_rating=request.min_rating,
        languages=tuple(request.languages),
    )


def _response(request: SearchMoviesRequest, answer: Answer) -> SearchMoviesResponse:
    matches = answer.matches
    response = SearchMoviesResponse(
        results=(_result(answer, hit) for hit in matches.hits),
        corrected_query=answer.corrected_query or "",
        total_size=matches.total,
        facets=movie_pb2.Facets(
            genres=_counts(matches.facets.genres),
            decades=_counts(matches.facets.decades),
            languages=_counts(matches.facets.languages),
        ),
    )
    if matches.has_more:
        last = matches.hits[-1].place
        values = (last.by_popularity, last.fit, last.popularity, last.movie, answer.corrected_query)
        response.next_page_token = paging.encode(values, request)
    return response


def _result(answer: Answer, hit: Hit) -> movie_pb2.SearchResult:
    movie = movie_pb2.Movie.FromString(hit.document)
    titles = [("title", movie.title), ("original_title", movie.original_title), *(("genre", genre) for genre in movie.genres)]
    return movie_pb2.SearchResult(
        movie=movie,
        score=hit.place.score,
        highlights=(_highlight(highlight) for highlight in found_where(answer.query, titles, hit)),
    )


def _highlight(highlight: Highlight) -> movie_pb2.Highlight:
    spans = (movie_pb2.Span(start=start, length=length) for start, length in highlight.spans)
    return movie_pb2.Highlight(field=highlight.field, text=highlight.text, spans=spans)


def _counts(counts: Iterable[tuple[str, int]]) -> Iterable[movie_pb2.FacetCount]:
    return (movie_pb2.FacetCount(value=value, count=count) for value, count in counts)
