"""What a query finds first."""

import pytest

from reelmesh.movie.v1.movie_service_pb2 import SearchMoviesRequest
from tests.component.movie_search.conftest import Search
from tests.component.movie_search.films import TOY_STORY


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("toy story", "Toy Story"),
        ("toy sto", "Toy Story 2"),  # not yet a whole title: the better known one
        ("amelie", "Amélie"),
        ("Amélie", "Amélie"),
        ("AME\u0301LIE", "Amélie"),
        ("wall-e", "WALL·E"),
        ("walle", "WALL·E"),
        ("8 1/2", "8½"),
        ("8½", "8½"),
        ("terminator", "The Terminator"),
        ("the matrix", "The Matrix"),
        ("star wars", "Star Wars"),
        ("七人の侍", "Seven Samurai"),
        ("千と", "Spirited Away"),
        ("千と千尋", "Spirited Away"),
        ("schindlers list", "Schindler's List"),
        ("& | ! : * ' \\ toy story", "Toy Story"),
        ("story toy", "Toy Story 2"),
        ("toy story 1995", "Toy Story"),
    ],
)
async def test_a_query_finds_first(search: Search, query: str, title: str) -> None:
    assert (await search.titles(query))[0] == title
    assert not (await search(query)).corrected_query


@pytest.mark.parametrize(
    ("query", "corrected", "title"),
    [
        ("termnator", "terminator", "The Terminator"),
        ("toy stroy", "toy story", "Toy Story"),
        ("stroy toy", "story toy", "Toy Story 2"),
        ("godfahter", "godfather", "The Godfather"),
        ("silence of the lmabs", "silence of the lambs", "The Silence of the Lambs"),
        ("kurosava", "kurosawa", None),
        ("starwars", "star wars", "Star Wars"),
        ("amleie", "amelie", "Amélie"),
    ],
)
async def test_a_misspelt_query_is_corrected(search: Search, query: str, corrected: str, title: str | None) -> None:
    answer = await search(query)
    assert answer.corrected_query == corrected
    assert answer.results
    if title is not None:
        assert answer.results[0].movie.title == title


async def test_people_genres_and_keywords_are_found(search: Search) -> None:
    assert "Toy Story" in await search.titles("tom hanks")
    assert "Toy Story" in await search.titles("animation")
    found = await search("akira kurosawa")
    assert {highlight.field for result in found.results for highlight in result.highlights} >= {"person"}


async def test_titles_come_before_people_and_keywords(search: Search) -> None:
    fits = [int(result.score) for result in (await search("love")).results]
    assert fits == sorted(fits, reverse=True)
    assert len(set(fits)) > 1


@pytest.mark.parametrize(
    "query",
    [
        "!!!",
        "'",
        "\\",
        "&",
        "😀",
        ":*",
        "זזזזזזזזז",
        "x" * 200,
        "a b c d " * 25,
        "'; drop table movies; --",
        "%",
        "xqzw toy",
        "\u202e",
        "(((",
    ],
)
async def test_a_query_that_nothing_answers_finds_nothing(search: Search, query: str) -> None:
    answer = await search(query[:200])
    assert (list(answer.results), answer.total_size, answer.corrected_query, answer.next_page_token) == ([], 0, "", "")


async def test_the_whole_movie_is_answered(search: Search) -> None:
    [movie] = [result.movie for result in (await search("toy story")).results if result.movie.name == TOY_STORY]
    assert (movie.title, movie.release_year, movie.etag) == ("Toy Story", 1995, "r1")


async def test_highlights_mark_the_words_in_every_language(search: Search) -> None:
    first = (await search("amelie")).results[0]
    marked = {
        (highlight.field, highlight.text[span.start : span.start + span.length])
        for highlight in first.highlights
        for span in highlight.spans
    }
    assert ("title", "Amélie") in marked
    assert ("original_title", "Amélie") in marked


async def test_a_common_word_and_no_word_are_answered(search: Search) -> None:
    common, everything = await search("the"), await search(SearchMoviesRequest())
    assert len(common.results) == len(everything.results) == 50
    assert everything.total_size > common.total_size > 50
    popularity = [result.score for result in everything.results]
    assert popularity == sorted(popularity, reverse=True)
    assert everything.results[0].movie.title == "Toy Story 2"
