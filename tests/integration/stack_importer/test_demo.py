"""The demo catalogue on its way into a platform."""

from reelmesh.rating.v1.rating_pb2 import ImportedRating
from stack.demo.catalogue import load
from stack.demo.loader import load_demo
from tests.integration.stack_importer.platform import FakePlatform, listening


async def _loaded(platform: FakePlatform) -> list[tuple[str, int, int]]:
    told: list[tuple[str, int, int]] = []
    async with listening(platform) as address:
        await load_demo(address, "secret", lambda stage, done, total: told.append((stage, done, total)))
    return told


def _platform() -> FakePlatform:
    return FakePlatform()  # type: ignore[abstract]  # the loader calls no other methods


async def test_every_film_arrives_with_its_people_its_texts_and_ratings_that_are_marked() -> None:
    platform, films = _platform(), load()
    told = await _loaded(platform)

    assert len(platform.movies) == len(platform.metadata) == len(films)
    assert {source for source, _ in platform.ratings.values()} == {"demo"}
    assert [(stage, done == total) for stage, done, total in told if done == total] == [(s, True) for s in ("films", "metadata", "ratings")]
    toy_story = platform.metadata["movies/tt0114709/metadata"]
    assert toy_story.crew[0].person == "people/john-lasseter"
    assert platform.movies["movies/tt0114709"].runtime.seconds == toy_story.runtime.seconds == 81 * 60


async def test_a_film_has_one_text_in_each_language_and_one_in_its_own() -> None:
    platform = _platform()
    await _loaded(platform)

    for film in load():
        texts = platform.metadata[f"movies/{film.id}/metadata"].localizations
        by_language = {text.language_code: text for text in texts}
        assert len(by_language) == len(texts)
        assert by_language["en"].overview
        assert by_language[film.original_language].title


async def test_loading_again_changes_nothing_and_keeps_what_an_import_has_added() -> None:
    platform = _platform()
    await _loaded(platform)
    document = platform.metadata["movies/tt0114709/metadata"]
    document.keywords.append("pixar")
    document.external_ids["tmdb"] = "862"
    before = {name: message.SerializeToString(deterministic=True) for name, message in platform.metadata.items()}
    count = len(platform.ratings)
    await _loaded(platform)

    assert {name: message.SerializeToString(deterministic=True) for name, message in platform.metadata.items()} == before
    assert len(platform.ratings) == count


async def test_made_up_ratings_are_not_added_to_real_ones() -> None:
    platform = _platform()
    real = ImportedRating(name="movies/tt0114709/ratings/ml-1", score=4)
    platform.ratings[real.name] = ("movielens", real)
    await _loaded(platform)

    assert list(platform.ratings) == [real.name]
