"""A MovieLens data set as training takes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from movielens.layouts import Dataset, detect
from movielens.source import source_at
from movielens.titles import parse_title
from recommender_service.infrastructure.learning.data import LIKE, WEAK, Catalogue, Features, Interaction, Interactions

_LIKED: Final = 4.0  # stars
_NO_GENRES: Final = ("(no genres listed)", "unknown")


@dataclass(frozen=True, slots=True)
class Data:
    """Only movies that somebody rated: the candidates of the protocols. `skipped` rows could not be read."""

    name: str
    interactions: Interactions
    catalogue: Catalogue
    skipped: int


def read(path: Path) -> Data:
    """Raises movielens.errors.NoDataSet."""
    dataset = detect(source_at(path))
    features = {
        str(row.id): Features(tuple(genre for genre in row.genres if genre not in _NO_GENRES), row.year or parse_title(row.title).year)
        for record in dataset.read(dataset.layout.movies)
        if (row := record.row) is not None
    }
    skipped: list[int] = []
    rows = list(_ratings(dataset, skipped))
    rated = sorted({row.item for row in rows}, key=int)  # the protocols order what happened at the same time by the movie's number
    known = {item: features.get(item, Features()) for item in rated}
    return Data(path.resolve().name, Interactions.of(rows, rated), Catalogue(known), len(skipped))


def _ratings(dataset: Dataset, skipped: list[int]) -> Iterator[Interaction]:
    for record in dataset.read(dataset.layout.ratings):
        if (row := record.row) is None:
            skipped.append(record.line)
        else:
            yield Interaction(str(row.user), str(row.movie), LIKE if row.score >= _LIKED else WEAK, float(row.seconds))
