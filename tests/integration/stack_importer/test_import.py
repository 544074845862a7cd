"""An import from end to end: what it stores, what it leaves alone, and how it goes on after it was stopped."""

from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from movielens.layouts import detect
from movielens.source import source_at
from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.rating.v1.rating_pb2 import ImportedRating
from stack.errors import StackError
from stack.importer.checkpoint import Checkpoint
from stack.importer.movielens import RATINGS_PER_STREAM, MovieLensImport
from stack.importer.problems import Problems
from stack.importer.streams import Platform
from stack.importer.summary import Summary
from tests.integration.stack_importer.platform import FakePlatform, listening
from tests.unit.stack_importer.datasets import CSV, SMALL_1M, written, zipped

MANY = 2 * RATINGS_PER_STREAM + 1_234
_HEADER = b"userId,movieId,rating,timestamp\n"


class Stage:
    """Imports into one fake platform, with checkpoints in one directory."""

    def __init__(self, tmp_path: Path) -> None:
        self.platform = FakePlatform()  # type: ignore[abstract]  # the importer calls no other methods
        self.checkpoints = tmp_path / "import"
        self.said: list[str] = []

    async def run(self, path: Path, *, keep_demo: bool = False, strict: bool = False, patience: float = 5.0) -> Summary:
        dataset = detect(source_at(path))
        checkpoint = Checkpoint(self.checkpoints, dataset, "")
        with checkpoint.lock():
            async with (
                listening(self.platform) as address,
                Platform(address, lambda: "secret", patience=patience, say=self.said.append) as platform,
            ):
                problems = Problems(self.said.append, strict)
                return await MovieLensImport(dataset, platform, checkpoint, problems, self._told, keep_demo=keep_demo).run()

    def _told(self, stage: str, done: int, total: int) -> None:
        assert 0 <= done <= total


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A data set whose ratings take three streams."""
    ratings = _HEADER + b"".join(b"%d,1,4.0,%d\n" % (user, user) for user in range(1, MANY + 1))
    return written(tmp_path / "many", CSV, ratings=ratings)


async def test_everything_arrives_with_its_time_and_its_source(stage: Stage, tmp_path: Path) -> None:
    summary = (await stage.run(written(tmp_path / "ml", CSV))).as_json()

    assert len(stage.platform.movies) == len(stage.platform.metadata) == 4
    source, rating = stage.platform.ratings["movies/tt0114709/ratings/ml-1"]
    assert (source, rating.score, rating.rate_time.seconds) == ("movielens", 4.0, 964982703)
    assert stage.platform.token == "Bearer secret"
    assert summary["ratings"] == {"read": 3, "created": 3, "updated": 0, "unchanged": 0, "rejected": 0}
    assert summary["tags"] == {"read": 4, "applied": 4, "too_long": 0, "rejected": 0, "keywords": 3}


async def test_importing_again_changes_nothing(stage: Stage, tmp_path: Path) -> None:
    path = zipped(tmp_path / "ml.zip", CSV)
    await stage.run(path)
    summary = await stage.run(path)

    assert not summary.resumed
    assert [(t.created, t.updated, t.unchanged) for t in summary.tallies.values()] == [(0, 0, 4), (0, 0, 4), (0, 0, 3)]


async def test_what_is_there_already_keeps_its_facts_and_gets_what_it_lacks(stage: Stage, tmp_path: Path) -> None:
    stage.platform.movies["movies/tt0114709"] = Movie(name="movies/tt0114709", title="Toy Story!", release_year=1994)
    document = MovieMetadata(name="movies/tt0114709/metadata", genres=["family"], keywords=["toys", "fun"], external_ids={"imdb": "tt1"})
    stage.platform.metadata[document.name] = document
    stage.platform.movies["movies/tt0114369"] = deleted = Movie(name="movies/tt0114369", title="Gone", state=Movie.STATE_DELETED)

    await stage.run(written(tmp_path / "ml", CSV))

    movie, document = stage.platform.movies["movies/tt0114709"], stage.platform.metadata[document.name]
    assert (movie.title, movie.release_year, len(movie.genres)) == ("Toy Story!", 1994, 5)
    assert list(document.genres) == ["family"]
    assert list(document.keywords) == ["toys", "fun", "pixar"]
    assert document.external_ids == {"imdb": "tt1", "tmdb": "862", "movielens": "1"}
    assert stage.platform.movies["movies/tt0114369"] == deleted


async def test_made_up_ratings_make_room_for_real_ones_unless_they_are_to_be_kept(stage: Stage, tmp_path: Path) -> None:
    path = written(tmp_path / "ml", CSV)
    demo = ("demo", ImportedRating(name="movies/tt0114709/ratings/demo-001", score=1))
    stage.platform.ratings[demo[1].name] = demo

    await stage.run(path, keep_demo=True)
    assert len(stage.platform.ratings) == 4
    summary = await stage.run(path)

    assert demo[1].name not in stage.platform.ratings
    assert summary.as_json()["demo_ratings_removed"] == 1


async def test_a_platform_that_goes_away_for_a_moment_costs_nothing(stage: Stage, many: Path) -> None:
    stage.platform.fail_at_message, stage.platform.failures = 50, 1
    summary = await stage.run(many)

    assert len(stage.platform.ratings) == MANY
    assert summary.tallies["ratings"].read == MANY
    assert [sentence for sentence in stage.said if "is away" in sentence and sentence.endswith("trying again for 5 s")]


@pytest.mark.parametrize("packed", [lambda path: path, lambda path: zipped(path / "ml.zip", {n: (path / n).read_bytes() for n in CSV})])
async def test_a_stopped_import_goes_on_where_the_platform_has_acknowledged(
    packed: Callable[[Path], Path], stage: Stage, many: Path
) -> None:
    path = packed(many)
    stage.platform.fail_at_message, stage.platform.failure = 50, grpc.StatusCode.INTERNAL
    with pytest.raises(StackError, match="refused the import: INTERNAL: gone for a moment"):
        await stage.run(path)
    stage.platform.rating_messages = stage.platform.fail_at_message = 0
    summary = await stage.run(path)

    assert summary.resumed
    assert summary.tallies["ratings"].read == len(stage.platform.ratings) == MANY
    assert stage.platform.rating_messages == 43  # not the 40 messages of the first stream
    assert not list(stage.checkpoints.glob("*.json"))


async def test_a_data_set_that_changed_begins_anew(stage: Stage, many: Path) -> None:
    stage.platform.fail_at_message, stage.platform.failure = 50, grpc.StatusCode.INTERNAL
    with pytest.raises(StackError):
        await stage.run(many)
    stage.platform.fail_at_message = 0
    written(many, {"ratings.csv": _HEADER + b"7,29,1.0,7\n"})
    summary = await stage.run(many)

    assert not summary.resumed
    assert "movies/tt0112682/ratings/ml-7" in stage.platform.ratings


async def test_a_platform_that_stays_away_is_told_in_one_sentence(stage: Stage, tmp_path: Path) -> None:
    stage.platform.fail_at_message = 1
    stage.platform.failure = grpc.StatusCode.UNAVAILABLE
    with pytest.raises(StackError, match=r"has been away for 0 s .*: run the same command again when it is back, it goes on where it"):
        await stage.run(written(tmp_path / "ml", CSV), patience=0)


async def test_a_token_that_is_not_taken_is_told_in_one_sentence(stage: Stage, tmp_path: Path) -> None:
    stage.platform.fail_at_message, stage.platform.failure = 1, grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(StackError, match="does not take the token: gone for a moment; an import needs one with the role ADMIN"):
        await stage.run(written(tmp_path / "ml", CSV))


async def test_rows_that_cannot_be_taken_are_told_with_their_line_and_skipped(stage: Stage, tmp_path: Path) -> None:
    stage.platform.refuse = "movies/tt0114709/ratings/ml-2"
    torn = b"1,1,4.0\n9,999,1.0,1\n9,1,3.7,1\n9,1,\0,1\n"
    summary = await stage.run(written(tmp_path / "ml", CSV, ratings=CSV["ratings.csv"] + torn))

    assert summary.tallies["ratings"].as_dict() == {"read": 7, "created": 2, "updated": 0, "unchanged": 0, "rejected": 5}
    assert stage.said == [
        "skipped ratings.csv:5: has 3 columns instead of 4",
        "skipped ratings.csv:6: movie 999 is not in movies.csv",
        "skipped ratings.csv:7: the rating '3.7' is not one of 0.5, 1.0, … 5.0",
        "skipped ratings.csv:8: the line contains NUL bytes",
        "skipped ratings.csv:4: refused by the platform: 'movies/tt0114709/ratings/ml-2': not this one",
    ]


async def test_users_of_another_data_set_are_other_users(stage: Stage, tmp_path: Path) -> None:
    await stage.run(written(tmp_path / "csv", CSV))
    await stage.run(written(tmp_path / "1m", SMALL_1M))

    assert {name.rpartition("/")[2] for name in stage.platform.ratings} == {"ml-1", "ml-2", "ml-1m-1"}


async def test_a_data_set_is_imported_by_one_at_a_time(stage: Stage, tmp_path: Path) -> None:
    path = written(tmp_path / "ml", CSV)
    with (
        Checkpoint(stage.checkpoints, detect(source_at(path)), "").lock(),
        pytest.raises(StackError, match="is being imported already"),
    ):
        await stage.run(path)
