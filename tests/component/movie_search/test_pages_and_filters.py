"""Filters, facets and pages."""

from collections import Counter

import pytest

from mesh.errors import InvalidArgument
from movie_service.infrastructure.search import statements
from reelmesh.movie.v1.movie_service_pb2 import SearchMoviesRequest, SearchMoviesResponse
from tests.component.movie_search.conftest import Search


async def all_pages(search: Search, request: SearchMoviesRequest) -> list[SearchMoviesResponse]:
    pages = [await search(request)]
    while pages[-1].next_page_token:
        following = SearchMoviesRequest()
        following.CopyFrom(request)
        following.page_token = pages[-1].next_page_token
        pages.append(await search(following))
    return pages


@pytest.mark.parametrize(
    "wanted",
    [
        SearchMoviesRequest(),
        SearchMoviesRequest(query="the"),
        SearchMoviesRequest(query="t"),
        SearchMoviesRequest(query="teh lvoe"),
        SearchMoviesRequest(genres_any=["comedy"]),
        SearchMoviesRequest(query="drama", year_from=1970),
    ],
)
@pytest.mark.parametrize("bound", [statements.BOUND, 20])
async def test_pages_hold_everything_once_and_in_order(
    search: Search, wanted: SearchMoviesRequest, bound: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small bound makes the catalogue too large to be ranked, as a million movies are."""
    if bound != statements.BOUND:
        monkeypatch.setattr(statements, "BOUND", bound)
        monkeypatch.setattr(statements, "WALK", 40)
        statements.ranked.cache_clear()
        statements.popular.cache_clear()
    wanted.page_size = 1_000
    whole = [result.movie.name for result in (await search(wanted)).results]
    wanted.page_size = 7
    pages = await all_pages(search, wanted)
    assert [result.movie.name for page in pages for result in page.results] == whole
    assert len(set(whole)) == len(whole)
    assert pages[0].total_size == min(len(whole), bound)
    for page in pages:
        scores = [result.score for result in page.results]
        assert scores == sorted(scores, reverse=True)
        assert page.corrected_query == pages[0].corrected_query
        assert page.facets == pages[0].facets
    statements.ranked.cache_clear()
    statements.popular.cache_clear()


async def test_filters_are_joined_by_and(search: Search) -> None:
    wanted = SearchMoviesRequest(
        genres_all=["drama"],
        genres_any=["war", "crime"],
        year_from=1950,
        year_to=1999,
        min_rating=3,
        languages=["EN", "ja"],
        page_size=1_000,
    )
    everything = {result.movie.name: result.movie for result in (await search(SearchMoviesRequest(page_size=1_000))).results}
    found = {result.movie.name for result in (await search(wanted)).results}
    allowed = {
        name
        for name, movie in everything.items()
        if "drama" in movie.genres
        and {"war", "crime"} & set(movie.genres)
        and 1950 <= movie.release_year <= 1999
        and movie.original_language in ("en", "ja")
    }
    rated_well = {result.movie.name for result in (await search(SearchMoviesRequest(min_rating=3, page_size=1_000))).results}
    assert found == allowed & rated_well
    assert 0 < len(found) < len(allowed)


async def test_facets_count_all_matches_and_not_the_page(search: Search) -> None:
    everything = [result.movie for result in (await search(SearchMoviesRequest(page_size=1_000))).results]
    answer = await search(SearchMoviesRequest(page_size=3))
    assert answer.total_size == len(everything)
    assert {count.value: count.count for count in answer.facets.genres} == Counter(genre for movie in everything for genre in movie.genres)
    assert {count.value: count.count for count in answer.facets.languages} == Counter(
        movie.original_language.lower() for movie in everything
    )
    assert [count.value for count in answer.facets.decades] == sorted(
        {str(movie.release_year // 10 * 10) for movie in everything}, reverse=True
    )
    counts = [count.count for count in answer.facets.genres]
    assert counts == sorted(counts, reverse=True)


async def test_a_facet_leads_to_as_many_movies_as_it_says(search: Search) -> None:
    answer = await search("the")
    for genre in answer.facets.genres:
        assert (await search(SearchMoviesRequest(query="the", genres_all=[genre.value]))).total_size == genre.count
    for language in answer.facets.languages:
        assert (await search(SearchMoviesRequest(query="the", languages=[language.value]))).total_size == language.count


async def test_a_filter_that_leaves_nothing_does_not_change_the_words(search: Search) -> None:
    answer = await search(SearchMoviesRequest(query="toy story", genres_all=["western"]))
    assert (answer.total_size, answer.corrected_query) == (0, "")


async def test_a_corrected_query_is_filtered_too(search: Search) -> None:
    answer = await search(SearchMoviesRequest(query="toy stroy", year_from=1999))
    assert [result.movie.title for result in answer.results][:1] == ["Toy Story 2"]
    assert answer.corrected_query == "toy story"


async def test_years_the_wrong_way_round_are_refused_by_both_names(search: Search) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await search(SearchMoviesRequest(year_from=2000, year_to=1999))
    assert [violation.field for violation in refused.value.violations] == ["year_from", "year_to"]
    assert (await search(SearchMoviesRequest(year_from=1995, year_to=1995))).total_size


async def test_a_token_of_another_search_is_refused(search: Search) -> None:
    token = (await search(SearchMoviesRequest(query="the", page_size=2))).next_page_token
    with pytest.raises(InvalidArgument):
        await search(SearchMoviesRequest(query="a", page_size=2, page_token=token))
