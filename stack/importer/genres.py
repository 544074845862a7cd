"""The genres of MovieLens in our words."""

from collections.abc import Iterable
from typing import Final

_GENRES: Final = {
    **{name.lower(): name.lower() for name in ("Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama")},
    **{name.lower(): name.lower() for name in ("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Thriller", "War")},
    "western": "western",
    "children's": "children",
    "sci-fi": "science-fiction",
}
_NONE: Final = frozenset({"", "(no genres listed)", "unknown"})


def genres_and_keywords(names: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Genre ids, and what MovieLens calls a genre but is none: IMAX is a way of showing. Names that are new become keywords too."""
    genres: dict[str, None] = {}
    keywords: dict[str, None] = {}
    for name in names:
        lower = " ".join(name.lower().split())
        if lower in _GENRES:
            genres[_GENRES[lower]] = None
        elif lower not in _NONE:
            keywords[lower] = None
    return tuple(genres), tuple(keywords)
