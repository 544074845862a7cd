"""Which data set is found where, and what each movie of it is told to be."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from movielens.errors import NoDataSet
from movielens.layouts import detect
from movielens.source import source_at
from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata
from reelmesh.movie.v1.movie_pb2 import Movie
from stack.errors import StackError
from stack.importer.catalogue import KEYWORDS_FROM_TAGS, Catalogue
from stack.importer.problems import Problems
from tests.unit.stack_importer.datasets import CSV, SMALL_1M, SMALL_10M, SMALL_100K, written, zipped


def _catalogue(path: Path, problems: Problems | None = None) -> Catalogue:
    return Catalogue.load(detect(source_at(path)), problems or Problems(print), lambda stage, done, total: None)


def _by_number(catalogue: Catalogue) -> tuple[dict[int, Movie], dict[int, MovieMetadata]]:
    entries = catalogue.entries.items()
    return {n: catalogue.movie(entry) for n, entry in entries}, {n: catalogue.metadata(entry) for n, entry in entries}


@pytest.mark.parametrize(
    ("files", "layout", "ratings"),
    [(CSV, "csv (latest-small, 20m and later)", 3), (SMALL_100K, "100k", 2), (SMALL_1M, "1m", 2), (SMALL_10M, "10m", 2)],
)
def test_a_layout_is_known_by_its_files_in_a_directory_a_folder_of_it_and_a_zip(
    files: Mapping[str, bytes], layout: str, ratings: int, tmp_path: Path
) -> None:
    folder = written(tmp_path / "outer" / "inner", files)
    packed = [zipped(tmp_path / "a.zip", files), zipped(tmp_path / "b.zip", files, top="")]

    for path in (folder, folder.parent, *packed):
        dataset = detect(source_at(path))
        records = list(dataset.read(dataset.layout.ratings))

        assert dataset.layout.name == layout
        assert [record.problem for record in records] == [""] * ratings
        assert records[-1].end == dataset.size(dataset.layout.ratings)
        assert list(dataset.read(dataset.layout.ratings, records[0].end, records[0].line)) == records[1:]


def test_movies_are_named_by_their_imdb_ids_where_links_tell_them(tmp_path: Path) -> None:
    movies, documents = _by_number(_catalogue(written(tmp_path, CSV)))

    assert movies[1] == Movie(
        name="movies/tt0114709",
        title="Toy Story",
        release_year=1995,
        genres=["adventure", "animation", "children", "comedy", "fantasy"],
    )
    assert documents[1].external_ids == {"movielens": "1", "imdb": "tt0114709", "tmdb": "862"}
    assert documents[1].keywords == ["pixar", "fun"]
    assert (movies[29].title, movies[29].original_title) == ("The City of Lost Children", "La Cité des enfants perdus")
    assert list(documents[29].genres) == ["adventure", "science-fiction"]
    assert list(documents[29].keywords) == ["imax"]
    assert documents[47].keywords == ["se7en", "dark, very"]
    assert movies[9] == Movie(name="movies/ml-9", title="Babylon 5")


def test_100k_has_numbers_of_its_own(tmp_path: Path) -> None:
    movies, documents = _by_number(_catalogue(written(tmp_path, SMALL_100K)))

    assert movies[543] == Movie(name="movies/ml-100k-543", title="Les Misérables", release_year=1995, genres=["drama", "musical"])
    assert documents[543].external_ids == {"movielens-100k": "543"}
    assert movies[267] == Movie(name="movies/ml-100k-267", title="unknown")
    assert movies[1236].release_year == 1997  # its title tells no year, the column does


@pytest.mark.parametrize("files", [SMALL_1M, SMALL_10M])
def test_letters_are_right_in_either_encoding(files: Mapping[str, bytes], tmp_path: Path) -> None:
    movies, _ = _by_number(_catalogue(written(tmp_path, files)))

    assert movies[73].title == "Les Misérables"


def test_tags_are_counted_as_rows_and_as_keywords(tmp_path: Path) -> None:
    long = b"9,1," + b"x" * 101 + b",1\n"
    said: list[str] = []
    tags = CSV["tags.csv"] + long + b"9,999,lost,1\n" + b"9,1,torn\n"
    catalogue = _catalogue(written(tmp_path, CSV, tags=tags), Problems(said.append))

    assert (catalogue.tags.tally.read, catalogue.tags.applied, catalogue.tags.keywords) == (7, 4, 3)
    assert (catalogue.tags.too_long, catalogue.tags.tally.rejected) == (1, 2)
    assert said == ["skipped tags.csv:7: movie 999 is not in the file of movies", "skipped tags.csv:8: has 3 columns instead of 4"]


def test_of_very_many_tags_the_most_frequent_are_kept(tmp_path: Path) -> None:
    rows = [f"1,1,tag {number},1\n" for number in range(KEYWORDS_FROM_TAGS + 50)] + ["2,1,tag 249,1\n"]
    catalogue = _catalogue(written(tmp_path, CSV, tags=CSV["tags.csv"].splitlines(keepends=True)[0] + "".join(rows).encode()))
    keywords = list(catalogue.metadata(catalogue.entries[1]).keywords)

    assert len(keywords) == KEYWORDS_FROM_TAGS
    assert keywords[0] == "tag 249"


def test_of_two_movies_with_one_imdb_id_each_is_kept(tmp_path: Path) -> None:
    catalogue = _catalogue(written(tmp_path, CSV, links=b"movieId,imdbId,tmdbId\n1,0114709,862\n29,0114709,862\n"))

    assert [entry.id for entry in catalogue.entries.values()] == ["tt0114709", "ml-29", "ml-47", "ml-9"]


def test_a_movie_that_stands_twice_is_taken_once(tmp_path: Path) -> None:
    said: list[str] = []
    _catalogue(written(tmp_path, CSV, movies=CSV["movies.csv"] + b"1,Another (1999),Drama\n"), Problems(said.append))

    assert said == ["skipped movies.csv:6: movie 1 stands in line 2 already"]


def test_strict_ends_with_the_first_row_that_cannot_be_taken(tmp_path: Path) -> None:
    path = written(tmp_path, CSV, tags=CSV["tags.csv"] + b"9,1,torn\n")

    with pytest.raises(StackError, match=r"tags\.csv:6: has 3 columns instead of 4; stopped there because of --strict"):
        _catalogue(path, Problems(print, strict=True))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"ratings": b"user,movie,rating\n"},
            "ratings.csv begins with 'user,movie,rating' where userId,movieId,rating,timestamp was expected",
        ),
        ({"ratings": b""}, "ratings.csv is empty"),
        ({"movies": b"\0\0"}, "movies.csv begins with '' where movieId,title,genres was expected"),
    ],
)
def test_a_file_of_something_else_is_told_in_one_sentence(change: dict[str, bytes], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(NoDataSet) as refused:
        detect(source_at(written(tmp_path, CSV, **change)))

    assert str(refused.value) == f"{tmp_path} is not a MovieLens data set: {sentence}"


def test_what_is_no_data_set_is_told_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("not a zip")
    written(tmp_path / "two" / "a", CSV)
    written(tmp_path / "two" / "b", SMALL_1M)

    for path, sentence in (
        ("empty", r"holds no MovieLens data set: movies\.csv with ratings\.csv or u\.item with u\.data or movies\.dat"),
        ("notes.txt", "neither a directory nor a zip"),
        ("absent", "does not exist"),
        ("two", r"several data sets \(a, b\): name one of them"),
    ):
        with pytest.raises(NoDataSet, match=sentence):
            detect(source_at(tmp_path / path))


def test_a_zip_bomb_and_a_damaged_zip_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("movies.csv", CSV["movies.csv"])
        archive.writestr("ratings.csv", b"\n" * (17 << 20))
    damaged = zipped(tmp_path / "damaged.zip", CSV)
    content = bytearray(damaged.read_bytes())
    content[60:90] = b"\xff" * 30
    damaged.write_bytes(content)

    with pytest.raises(NoDataSet, match=r"ratings\.csv would unpack to 17,825,792 bytes, which no MovieLens file does"):
        detect(source_at(tmp_path / "bomb.zip"))
    with pytest.raises(NoDataSet, match=r"movies\.csv is damaged"):
        detect(source_at(damaged))
