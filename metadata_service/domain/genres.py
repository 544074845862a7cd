"""Genres follow from the documents: an id, the name that it is shown by, and how many movies have it."""

from dataclasses import dataclass

# Names that are not their id's words with capitals.
_NAMES = {"film-noir": "Film-Noir", "imax": "IMAX", "lgbt": "LGBT", "lgbtq": "LGBTQ", "reality-tv": "Reality TV", "tv-movie": "TV Movie"}
_SMALL_WORDS = frozenset({"and", "of", "the", "or"})


@dataclass(frozen=True, slots=True)
class Genre:
    """`id` is the last part of `genres/{genre}`."""

    id: str
    movie_count: int

    @property
    def display_name(self) -> str:
        return display_name(self.id)


def display_name(genre: str) -> str:
    """`science-fiction` → `Science Fiction`: the genre in English."""
    if genre in _NAMES:
        return _NAMES[genre]
    words = [word for word in genre.split("-") if word]
    return " ".join(word if index and word in _SMALL_WORDS else word.capitalize() for index, word in enumerate(words))
