"""GetMovieDetails: composed, degraded by part, kept for everybody and never with anybody's credentials."""

import asyncio
import time

import grpc
import pytest

from mesh.postgres.statements import text_statement
from mesh.server import RunningService
from reelmesh.movie.v1 import movie_service_pb2 as pb
from reelmesh.movie.v1.movie_pb2 import Movie, SimilarMovie
from tests.component.movie.neighbours import DOCUMENT, Neighbours, document
from tests.component.movie.stubs import Movies
from tests.services import admin, failure, token

NAME = "movies/tt1"
REQUEST = pb.GetMovieDetailsRequest(name=NAME)
Part = pb.GetMovieDetailsResponse


@pytest.fixture(autouse=True)
async def known(movies: Movies, neighbours: Neighbours) -> None:
    await movies.CreateMovie(pb.CreateMovieRequest(movie=Movie(title="Film"), movie_id="tt1"), metadata=admin())
    neighbours.ratings[NAME] = (3, 4.5)
    neighbours.documents[f"{NAME}/metadata"] = document(NAME, "Told")
    neighbours.own[f"{NAME}/ratings/alice"] = 5.0


async def test_all_parts_are_there(movies: Movies, neighbours: Neighbours) -> None:
    await movies.CreateMovie(pb.CreateMovieRequest(movie=Movie(title="Like it", release_year=1999), movie_id="tt2"), metadata=admin())
    neighbours.similar[NAME] = ["movies/gone", "movies/tt2"]
    details = await movies.GetMovieDetails(REQUEST)
    assert list(details.similar) == [SimilarMovie(name="movies/tt2", title="Like it", release_year=1999, score=0.5)]
    assert (details.movie.title, details.summary.count, details.metadata.resolved.title) == ("Film", 3, "Told")
    assert not details.HasField("own_rating")
    assert not details.unavailable_parts


async def test_similar_movies_carry_titles_in_the_language_that_is_asked_for(movies: Movies, neighbours: Neighbours) -> None:
    await movies.CreateMovie(pb.CreateMovieRequest(movie=Movie(title="Like it"), movie_id="tt2"), metadata=admin())
    neighbours.similar[NAME] = ["movies/tt2"]
    neighbours.documents["movies/tt2/metadata"] = document("movies/tt2", "Told")
    request = pb.GetMovieDetailsRequest(name=NAME, language_code="fr")
    assert [each.title for each in (await movies.GetMovieDetails(request)).similar] == ["Told fr"]
    assert neighbours.methods() == ["BatchGetMovieMetadata", DOCUMENT, "BatchGetRatingSummaries", "BatchListSimilarMovies"]
    neighbours.failing.add("BatchGetMovieMetadata")
    request.language_code = "de"
    details = await movies.GetMovieDetails(request)
    assert [each.title for each in details.similar] == ["Like it"]
    assert not details.unavailable_parts


async def test_a_similar_movie_that_is_deleted_leaves_the_page_at_once(movies: Movies, neighbours: Neighbours) -> None:
    await movies.CreateMovie(pb.CreateMovieRequest(movie=Movie(title="Like it"), movie_id="tt2"), metadata=admin())
    neighbours.similar[NAME] = ["movies/tt2"]
    assert (await movies.GetMovieDetails(REQUEST)).similar
    await movies.DeleteMovie(pb.DeleteMovieRequest(name="movies/tt2"), metadata=admin())
    assert not (await movies.GetMovieDetails(REQUEST)).similar


async def test_what_does_not_exist_is_left_out_and_not_called_unavailable(movies: Movies, neighbours: Neighbours) -> None:
    neighbours.documents.clear()
    details = await movies.GetMovieDetails(REQUEST, metadata=token("users/bob"))
    assert not details.HasField("metadata")
    assert not details.HasField("own_rating")
    assert not details.unavailable_parts


@pytest.mark.parametrize(
    "failing",
    [
        {"BatchGetRatingSummaries"},
        {DOCUMENT},
        {"BatchListSimilarMovies"},
        {"BatchGetRatingSummaries", DOCUMENT, "BatchGetRatings", "BatchListSimilarMovies"},
    ],
)
async def test_a_part_that_is_down_is_named_and_comes_back(movies: Movies, neighbours: Neighbours, failing: set[str]) -> None:
    neighbours.failing |= failing
    details = await movies.GetMovieDetails(REQUEST, metadata=token())
    assert details.movie.title == "Film"
    assert details.HasField("summary") == ("BatchGetRatingSummaries" not in failing)
    assert details.HasField("metadata") == (DOCUMENT not in failing)
    assert details.HasField("own_rating") == ("BatchGetRatings" not in failing)
    expected = {
        "BatchGetRatingSummaries": Part.PART_SUMMARY,
        DOCUMENT: Part.PART_METADATA,
        "BatchGetRatings": Part.PART_OWN_RATING,
        "BatchListSimilarMovies": Part.PART_SIMILAR,
    }
    assert set(details.unavailable_parts) == {expected[method] for method in failing}
    neighbours.failing.clear()
    assert not (await movies.GetMovieDetails(REQUEST, metadata=token())).unavailable_parts


async def test_a_slow_part_is_not_waited_for(movies: Movies, neighbours: Neighbours) -> None:
    neighbours.pausing[DOCUMENT] = 5
    started = time.monotonic()
    details = await movies.GetMovieDetails(REQUEST)
    assert 0.7 < time.monotonic() - started < 1.2
    assert details.summary.count == 3
    assert set(details.unavailable_parts) == {Part.PART_METADATA}


async def test_one_down_and_one_slow_leave_the_movie(movies: Movies, neighbours: Neighbours) -> None:
    neighbours.failing.add("BatchGetRatingSummaries")
    neighbours.pausing[DOCUMENT] = 5
    details = await movies.GetMovieDetails(REQUEST, timeout=0.3)
    assert details.movie.title == "Film"
    assert set(details.unavailable_parts) == {Part.PART_SUMMARY, Part.PART_METADATA}


async def test_the_parts_get_less_time_than_the_caller_gave(movies: Movies, neighbours: Neighbours) -> None:
    await movies.GetMovieDetails(REQUEST, timeout=0.4)
    # 50 ms are kept back; gRPC rounds what it sends up to the next millisecond.
    assert all(0.2 < asked.seconds < 0.355 for asked in neighbours.asked), neighbours.asked


async def test_somebody_elses_hurry_does_not_cost_us_a_part(movies: Movies, neighbours: Neighbours) -> None:
    neighbours.pausing[DOCUMENT] = 0.3
    hurried = asyncio.ensure_future(movies.GetMovieDetails(REQUEST, timeout=0.2))
    await asyncio.sleep(0.05)
    patient = await movies.GetMovieDetails(REQUEST)
    assert Part.PART_METADATA in (await hurried).unavailable_parts
    assert patient.metadata.resolved.title == "Told"


async def test_many_who_ask_at_once_cause_one_call_to_each_context(movies: Movies, neighbours: Neighbours) -> None:
    neighbours.pausing[DOCUMENT] = 0.1
    answers = await asyncio.gather(*(movies.GetMovieDetails(REQUEST) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    await movies.GetMovieDetails(REQUEST)
    assert neighbours.methods() == [DOCUMENT, "BatchGetRatingSummaries", "BatchListSimilarMovies"]


async def test_pages_that_are_asked_for_at_the_same_time_ask_each_context_together(movies: Movies, neighbours: Neighbours) -> None:
    names = [f"movies/page{number}" for number in range(10)]
    for number, name in enumerate(names):
        await movies.CreateMovie(pb.CreateMovieRequest(movie=Movie(title=name), movie_id=name.partition("/")[2]), metadata=admin())
        neighbours.ratings[name] = (number + 1, 4.5)
        neighbours.documents[f"{name}/metadata"] = document(name, name)
        neighbours.similar[name] = [NAME]
    answers = await asyncio.gather(*(movies.GetMovieDetails(pb.GetMovieDetailsRequest(name=name)) for name in names))
    told = [(each.movie.title, each.summary.count, each.metadata.resolved.title.strip(), len(each.similar)) for each in answers]
    assert told == [(name, number + 1, name, 1) for number, name in enumerate(names)]
    for method in ("BatchGetRatingSummaries", DOCUMENT, "BatchListSimilarMovies"):
        assert neighbours.methods().count(method) < len(names)


async def test_languages_are_kept_apart(movies: Movies, neighbours: Neighbours) -> None:
    async def title(language: str = "", header: str = "") -> str:
        metadata = (("accept-language", header),) if header else ()
        request = pb.GetMovieDetailsRequest(name=NAME, language_code=language)
        return (await movies.GetMovieDetails(request, metadata=metadata)).metadata.resolved.title

    assert await title() == "Told"
    assert await title(header="fr-CA,en;q=0.5") == "Told fr-CA"
    assert await title("de", header="fr") == "Told de"
    assert await title(header="DE") == "Told de"
    assert neighbours.methods().count(DOCUMENT) == 3


async def test_no_credentials_and_no_own_rating_get_into_what_others_see(movies: Movies, neighbours: Neighbours) -> None:
    own = await movies.GetMovieDetails(REQUEST, metadata=token())
    assert own.own_rating.score == 5.0
    assert not (await movies.GetMovieDetails(REQUEST)).HasField("own_rating")
    assert not (await movies.GetMovieDetails(REQUEST, metadata=token("users/bob"))).HasField("own_rating")
    with_credentials = {asked.method for asked in neighbours.asked if "authorization" in asked.metadata}
    assert with_credentials == {"BatchGetRatings"}
    assert neighbours.methods() == [DOCUMENT, "BatchGetRatingSummaries", "BatchGetRatings", "BatchGetRatings", "BatchListSimilarMovies"]


async def test_a_change_made_here_is_seen_at_once(movies: Movies) -> None:
    await movies.GetMovieDetails(REQUEST)
    await movies.UpdateMovie(pb.UpdateMovieRequest(movie=Movie(name=NAME, title="Other")), metadata=admin())
    assert (await movies.GetMovieDetails(REQUEST)).movie.title == "Other"
    await movies.DeleteMovie(pb.DeleteMovieRequest(name=NAME), metadata=admin())
    assert (await failure(movies.GetMovieDetails(REQUEST))).code is grpc.StatusCode.NOT_FOUND


async def test_without_events_nothing_is_kept_for_a_second(movies: Movies, neighbours: Neighbours, service: RunningService) -> None:
    """Another process changed the movie, and no event can tell us."""
    await movies.GetMovieDetails(REQUEST)
    assert (await movies.GetMovie(pb.GetMovieRequest(name=NAME))).movie.title == "Film"
    await service.foundation.database.execute(text_statement("UPDATE movies SET title = 'Other', revision = revision + 1"))
    neighbours.ratings[NAME] = (4, 4.5)
    await asyncio.sleep(1.0)
    details = await movies.GetMovieDetails(REQUEST)
    assert (details.movie.title, details.summary.count) == ("Other", 4)
    assert (await movies.GetMovie(pb.GetMovieRequest(name=NAME))).movie.title == "Other"
