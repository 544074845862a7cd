"""A page of movies on a list, with what the movie context shows of them."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from library_service.infrastructure.clients.movies import Cards, RemoteMovies
from mesh.call import Call
from reelmesh.library.v1 import library_pb2
from reelmesh.movie.v1.movie_pb2 import MovieCard


class Listed(Protocol):
    """What the items of all lists have."""

    movie: str
    missing: bool

    @property
    def card(self) -> MovieCard: ...


L = TypeVar("L", bound=Listed)


async def with_cards(
    items: Sequence[L], movies: RemoteMovies, call: Call
) -> tuple[Sequence[L], Sequence["library_pb2.CardPart.ValueType"]]:
    """One call for the whole page. An item whose movie is not told about keeps the card as it was last known."""
    cards: Cards = await movies.cards([item.movie.removeprefix("movies/") for item in items], call)
    for item in items:
        movie = item.movie.removeprefix("movies/")
        if movie in cards.by_movie:
            item.card.CopyFrom(cards.by_movie[movie])
        if cards.missing is not None:
            item.missing = movie in cards.missing
    return items, cards.unavailable
