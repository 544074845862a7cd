"""How events become findable."""

from collections.abc import Sequence

import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh.postgres.statements import text_statement
from movie_service.infrastructure.search.projection import popularity, project
from reelmesh.movie.v1.events_pb2 import MovieDeleted, MovieUndeleted
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.movie.v1.movie_service_pb2 import SearchMoviesRequest
from tests.component.movie_search.conftest import Search
from tests.component.movie_search.films import created, rated, told, updated

NAME = "movies/one"


async def happen(search: Search, *events: Message) -> None:
    async with search.database.transaction() as transaction:
        await project(transaction, events)


async def vocabulary(search: Search) -> dict[str, int]:
    return dict(await search.database.fetch_all(text_statement("SELECT word, movies FROM search_words")))


def deleted(title: str) -> MovieDeleted:
    return MovieDeleted(movie=Movie(name=NAME, title=title, state=Movie.STATE_DELETED))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (1, 0, 2)])
@pytest.mark.parametrize("together", [True, False])
async def test_events_of_three_contexts_may_come_in_any_order(empty: Search, order: Sequence[int], together: bool) -> None:
    events = [created(NAME, "Ran", 1985), told(NAME, titles=["乱"], people=["Tatsuya Nakadai"], keywords=["samurai"]), rated(NAME, 40, 4.5)]
    if together:
        await happen(empty, *(events[number] for number in order))
    else:
        for number in order:
            await happen(empty, events[number])
    for query in ("ran", "乱", "nakadai", "samurai", "1985"):
        assert await empty.titles(SearchMoviesRequest(query=query, min_rating=4.5)) == ["Ran"]
    assert (await empty("ran")).results[0].score == pytest.approx(6 + popularity(40, 4.5) / 1e6)


async def test_a_movie_that_is_only_rated_or_told_about_is_not_found(empty: Search) -> None:
    await happen(empty, rated(NAME, 3, 4), told(NAME, keywords=["samurai"]))
    assert (await empty()).total_size == 0
    assert await vocabulary(empty) == {}


async def test_a_changed_title_is_found_and_the_old_one_is_not(empty: Search) -> None:
    await happen(empty, created(NAME, "Old Name"), rated(NAME, 3, 4))
    await happen(empty, updated(NAME, "New Name"))
    assert await empty.titles("old") == []
    assert await empty.titles(SearchMoviesRequest(query="new name", min_rating=4)) == ["New Name"]
    assert await vocabulary(empty) == {"new": 1, "name": 1}


async def test_a_deleted_movie_is_not_found_until_it_is_back(empty: Search) -> None:
    await happen(empty, created(NAME, "Ran"), told(NAME, keywords=["samurai"]), rated(NAME, 3, 4))
    await happen(empty, deleted("Ran"))
    assert (await empty()).total_size == 0
    assert await vocabulary(empty) == {}
    await happen(empty, told(NAME, keywords=["battle"]))
    assert (await empty()).total_size == 0
    await happen(empty, MovieUndeleted(movie=created(NAME, "Ran").movie))
    assert await empty.titles(SearchMoviesRequest(query="ran battle", min_rating=4)) == ["Ran"]


async def test_ratings_taken_back_leave_a_movie_without_a_mean(empty: Search) -> None:
    await happen(empty, created(NAME, "Ran"), rated(NAME, 3, 4))
    await happen(empty, rated(NAME, 0, 3.5))
    assert await empty.titles("ran") == ["Ran"]
    assert await empty.titles(SearchMoviesRequest(query="ran", min_rating=0.5)) == []


async def test_only_the_last_of_several_events_of_a_batch_counts(empty: Search) -> None:
    await happen(empty, created(NAME, "One"), updated(NAME, "Two"), deleted("Two"), MovieUndeleted(movie=updated(NAME, "Three").movie))
    assert [await empty.titles(query) for query in ("one", "two", "three")] == [[], [], ["Three"]]


async def test_strange_texts_are_stored_and_found(empty: Search) -> None:
    titles = ["It's \\ a 'quoted':1A & | !", "nul\0byte", "😀 emoji", "שָׁלוֹם عليكم", "x" * 500, "::: *", "기생충", "हिन्दी"]
    await happen(empty, *(created(f"movies/m{number}", title.replace("\0", "")) for number, title in enumerate(titles)))
    await happen(empty, told("movies/m0", titles=titles, keywords=titles))
    for query in ("quoted", "nulbyte", "emoji", "שלום", "عليكم", "x" * 200, "기생", "हिन्दी", "its a quoted 1a"):
        assert (await empty(query)).total_size, query


_TITLES = st.sampled_from(["Toy Story", "Toy", "Ran 乱", "Story of a Day", "Day-Break", ""])
_EVENT = st.one_of(
    st.builds(lambda movie, title: updated(movie, title or "Untitled"), st.sampled_from(["movies/a", "movies/b"]), _TITLES),
    st.builds(lambda movie, title: told(movie, titles=[title]), st.sampled_from(["movies/a", "movies/b"]), _TITLES),
    st.builds(
        lambda movie: MovieDeleted(movie=Movie(name=movie, title="x", state=Movie.STATE_DELETED)), st.sampled_from(["movies/a", "movies/b"])
    ),
)
_RECOUNT = text_statement("SELECT unnest(tsvector_to_array(lexemes)) AS lexeme, count(*)::int FROM search_documents GROUP BY lexeme")
_CLEAR = text_statement("TRUNCATE search_words, search_documents, search_sources")


@given(history=st.lists(st.lists(_EVENT, max_size=4), max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_vocabulary_always_equals_a_recount(empty: Search, history: list[list[Message]]) -> None:
    await empty.database.execute(_CLEAR)
    for batch in history:
        await happen(empty, *batch)
    counted = {
        lexeme: count
        for lexeme, count in await empty.database.fetch_all(_RECOUNT)
        if lexeme[0] not in "=#@" and lexeme[-1] != "*" and len(lexeme) > 1 and not lexeme.isdigit() and lexeme.isascii()
    }
    assert await vocabulary(empty) == counted
