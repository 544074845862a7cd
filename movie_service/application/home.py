"""The home page: rows of cards, composed with one call to each context whatever their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from mesh.call import Call, Deadline
from movie_service.application.parts import BUDGET_SECONDS, Parts
from movie_service.application.ports import CardRating, CardText, Catalogue, MetadataCards, RatingCards, Recommended
from movie_service.domain.movie import Movie

# Asked for beyond the size of a row, because some may have been deleted here since they were rated.
_SPARE = 10


class HomePart(Enum):
    """What of the page can be away."""

    FOR_YOU = "for_you"
    TRENDING = "trending"
    TOP_RATED = "top_rated"
    NEW = "new"
    RATINGS = "ratings"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Card:
    """One movie of a row; without a rating when it has none or rating is away."""

    movie: Movie
    rating: CardRating | None
    text: CardText | None


@dataclass(frozen=True, slots=True)
class Row:
    kind: HomePart
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class HomePage:
    """Rows in the order of the page, without empty ones."""

    rows: Sequence[Row]
    unavailable: Sequence[HomePart]


class Home:
    """Composes the page; texts are in the languages of the call."""

    def __init__(self, catalogue: Catalogue, ratings: RatingCards, metadata: MetadataCards, recommended: Recommended) -> None:
        self._catalogue, self._ratings, self._metadata, self._recommended = catalogue, ratings, metadata, recommended

    async def compose(self, row_size: int, today: date, call: Call, deadline: Deadline) -> HomePage:
        """What everybody sees: first which movies, then all cards at once. The database being away fails the page; another context
        leaves its part out."""
        async with Parts[HomePart](call, _sooner(deadline)) as choosing:
            trending = choosing.start(HomePart.TRENDING, self._recommended.trending(row_size + _SPARE))
            top_rated = choosing.start(HomePart.TOP_RATED, self._ratings.top_rated(row_size + _SPARE))
            newest = await self._catalogue.latest(today, row_size)
        chosen = {
            HomePart.TRENDING: choosing.result(trending) or (),
            HomePart.TOP_RATED: choosing.result(top_rated) or (),
            HomePart.NEW: newest,
        }
        return await self._with_cards(chosen, row_size, choosing.unavailable, call, deadline)

    async def compose_own(self, row_size: int, call: Call, deadline: Deadline) -> HomePage:
        """The row that is made for the caller."""
        async with Parts[HomePart](call, _sooner(deadline)) as choosing:
            for_you = choosing.start(HomePart.FOR_YOU, self._recommended.for_caller(row_size + _SPARE))
        chosen = {HomePart.FOR_YOU: choosing.result(for_you) or ()}
        return await self._with_cards(chosen, row_size, choosing.unavailable, call, deadline)

    async def _with_cards(
        self, chosen: Mapping[HomePart, Sequence[str]], row_size: int, unavailable: Sequence[HomePart], call: Call, deadline: Deadline
    ) -> HomePage:
        wanted = list(dict.fromkeys(movie_id for ids in chosen.values() for movie_id in ids))
        if not wanted:
            return HomePage((), unavailable)
        async with Parts[HomePart](call, _sooner(deadline)) as telling:
            ratings = telling.start(HomePart.RATINGS, self._ratings.cards(wanted))
            texts = telling.start(HomePart.METADATA, self._metadata.cards(wanted))
            movies = await self._catalogue.find_many(wanted)
        cards = _cards(movies, telling.result(ratings) or {}, telling.result(texts) or {})
        rows = [Row(kind, [cards[each] for each in ids if each in cards][:row_size]) for kind, ids in chosen.items()]
        return HomePage([row for row in rows if row.cards], [*unavailable, *telling.unavailable])


def _cards(movies: Mapping[str, Movie], ratings: Mapping[str, CardRating], texts: Mapping[str, CardText]) -> Mapping[str, Card]:
    return {each: Card(movie, ratings.get(each), texts.get(each)) for each, movie in movies.items() if not movie.is_deleted}


def _sooner(deadline: Deadline) -> Deadline:
    return Deadline(min(deadline.at, Deadline.after(BUDGET_SECONDS).at))
