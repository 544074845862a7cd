"""People and genres follow from the documents, also when many change at once."""

import asyncio
import random
from collections import Counter

import grpc
import pytest

from reelmesh.metadata.v1 import metadata_service_pb2 as pb
from reelmesh.metadata.v1.metadata_pb2 import CrewMember, LocalizedText
from tests.component.metadata.catalogue import Catalogue, document, plays
from tests.services import failure

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_person_has_the_movies_that_name_the_person(service: Catalogue) -> None:
    directs = CrewMember(person="people/zoe", display_name="Zoë", department="Directing", job="Director")
    title = [LocalizedText(language_code="en", title="Title"), LocalizedText(language_code="pt", title="Título")]
    await service.put(document("zoe-2", cast=[plays("zoe", "Queen"), plays("zoe", "Maid")], crew=[directs], localizations=title))
    await service.put(document("zoe-1", cast=[plays("zoe"), plays("yan")]))
    person = (await service.stub.GetPerson(pb.GetPersonRequest(name="people/zoe"))).person
    assert (person.name, person.movie_count) == ("people/zoe", 2)
    (page,) = await service.movies_of("zoe", language="pt-BR")
    found = [(each.movie, each.title, list(each.characters), list(each.jobs)) for each in page.movies]
    assert found == [("movies/zoe-1", "", [], []), ("movies/zoe-2", "Título", ["Queen", "Maid"], ["Director"])]


async def test_the_name_of_a_person_is_the_one_stored_last(service: Catalogue) -> None:
    await service.put(document("name-1", cast=[plays("named", name="Old")]))
    await service.put(document("name-2", cast=[plays("named", name="New")]))
    assert (await service.stub.GetPerson(pb.GetPersonRequest(name="people/named"))).person.display_name == "New"


async def test_a_credit_that_is_taken_out_is_gone(service: Catalogue) -> None:
    await service.put(document("out-1", cast=[plays("out"), plays("stays", "A")]))
    await service.put(document("out-2", cast=[plays("out")]))
    await service.put(document("out-1", cast=[plays("stays", "B")]))
    assert [movie.movie for page in await service.movies_of("out") for movie in page.movies] == ["movies/out-2"]
    assert [list(movie.characters) for page in await service.movies_of("stays") for movie in page.movies] == [["B"]]
    await service.put(document("out-2"), "cast")
    assert (await failure(service.stub.GetPerson(pb.GetPersonRequest(name="people/out")))).code is grpc.StatusCode.NOT_FOUND


async def test_pages_of_a_persons_movies_have_each_movie_once_in_order(service: Catalogue) -> None:
    movies = [f"page-{number:02}" for number in range(7)]
    await service.take([document(movie, cast=[plays("paged")]) for movie in reversed(movies)])
    pages = await service.movies_of("paged", page_size=3)
    assert [len(page.movies) for page in pages] == [3, 3, 1]
    assert [movie.movie for page in pages for movie in page.movies] == [f"movies/{movie}" for movie in movies]


async def test_genres_are_listed_by_name_with_their_movies_in_pages(service: Catalogue) -> None:
    await service.put(document("genre-1", genres=["genre-noir", "genre-b"]))
    await service.put(document("genre-2", genres=["genre-noir", "genre-gone"]))
    await service.put(document("genre-2", genres=["genre-noir"]))
    whole = await service.stub.ListGenres(pb.ListGenresRequest(page_size=1000))
    assert [genre.name for genre in whole.genres] == sorted(genre.name for genre in whole.genres)
    mine = {genre.name: (genre.display_name, genre.movie_count) for genre in whole.genres if "genre-" in genre.name}
    assert mine == {"genres/genre-b": ("Genre B", 1), "genres/genre-noir": ("Genre Noir", 2)}
    request, names = pb.ListGenresRequest(page_size=2), []
    while True:
        page = await service.stub.ListGenres(request)
        names += [genre.name for genre in page.genres]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token
    assert names == [genre.name for genre in whole.genres]


async def test_genre_counts_are_right_after_many_changes_at_once(service: Catalogue) -> None:
    """Upserts and imports over the same movies and genres, in every order: each count equals a recount."""
    dice = random.Random(7)
    genres = [f"storm-{number}" for number in range(6)]
    movies = [f"storm-{number}" for number in range(12)]

    def some() -> list[str]:
        return dice.sample(genres, dice.randint(1, 4))

    async def upserts() -> None:
        for _ in range(15):
            await service.put(document(dice.choice(movies), genres=some(), cast=[plays(dice.choice(genres), name=dice.choice("AB"))]))

    async def imports() -> None:
        for _ in range(5):
            await service.take([document(movie, genres=some(), cast=[plays(movie), plays(dice.choice(genres))]) for movie in movies])

    await asyncio.gather(*(upserts() for _ in range(4)), *(imports() for _ in range(3)))
    recount: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for movie in movies:
        found = await service.get(movie)
        recount.update(found.genres)
        people.update({member.person for member in found.cast})
    assert {genre: count for genre, count in (await service.genres()).items() if genre in genres} == dict(recount)
    for person, count in people.items():
        assert (await service.stub.GetPerson(pb.GetPersonRequest(name=person))).person.movie_count == count
