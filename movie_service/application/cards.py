"""What lists show of movies: cards, composed with one call to each context whatever their number."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from mesh.call import Call, Deadline
from movie_service.application.parts import BUDGET_SECONDS, Parts
from movie_service.application.ports import CardRating, CardText, Catalogue, MetadataCards, RatingCards
from movie_service.domain.movie import Movie


class CardPart(Enum):
    """What of a card comes from another context."""

    RATINGS = "ratings"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Card:
    """One movie; without a rating when it has none or rating is away."""

    movie: Movie
    rating: CardRating | None
    text: CardText | None


@dataclass(frozen=True, slots=True)
class Cards:
    """By id, of active movies only."""

    by_id: Mapping[str, Card]
    unavailable: Sequence[CardPart]


class MovieCards:
    """Composes them; texts are in the languages of the call."""

    def __init__(self, catalogue: Catalogue, ratings: RatingCards, metadata: MetadataCards) -> None:
        self._catalogue, self._ratings, self._metadata = catalogue, ratings, metadata

    async def compose(self, movie_ids: Collection[str], call: Call, deadline: Deadline) -> Cards:
        """The database being away fails it; another context leaves its part out."""
        async with Parts[CardPart](call, sooner(deadline)) as telling:
            ratings = telling.start(CardPart.RATINGS, self._ratings.cards(movie_ids))
            texts = telling.start(CardPart.METADATA, self._metadata.cards(movie_ids))
            movies = await self._catalogue.find_many(movie_ids)
        rated, told = telling.result(ratings) or {}, telling.result(texts) or {}
        cards = {each: Card(movie, rated.get(each), told.get(each)) for each, movie in movies.items() if not movie.is_deleted}
        return Cards(cards, telling.unavailable)


def sooner(deadline: Deadline) -> Deadline:
    """Of `deadline` and the most that a part may take."""
    return Deadline(min(deadline.at, Deadline.after(BUDGET_SECONDS).at))
