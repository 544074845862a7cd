"""The home page: rows of cards; first which movies, then all cards at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from mesh.call import Call, Deadline
from movie_service.application.cards import Card, CardPart, MovieCards, sooner
from movie_service.application.parts import Parts
from movie_service.application.ports import Catalogue, RatingCards, Recommended

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

    def __init__(self, catalogue: Catalogue, ratings: RatingCards, cards: MovieCards, recommended: Recommended) -> None:
        self._catalogue, self._ratings, self._cards, self._recommended = catalogue, ratings, cards, recommended

    async def compose(self, row_size: int, today: date, call: Call, deadline: Deadline) -> HomePage:
        """What everybody sees: first which movies, then all cards at once. The database being away fails the page; another context
        leaves its part out."""
        async with Parts[HomePart](call, sooner(deadline)) as choosing:
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
        async with Parts[HomePart](call, sooner(deadline)) as choosing:
            for_you = choosing.start(HomePart.FOR_YOU, self._recommended.for_caller(row_size + _SPARE))
        chosen = {HomePart.FOR_YOU: choosing.result(for_you) or ()}
        return await self._with_cards(chosen, row_size, choosing.unavailable, call, deadline)

    async def _with_cards(
        self, chosen: Mapping[HomePart, Sequence[str]], row_size: int, unavailable: Sequence[HomePart], call: Call, deadline: Deadline
    ) -> HomePage:
        wanted = list(dict.fromkeys(movie_id for ids in chosen.values() for movie_id in ids))
        if not wanted:
            return HomePage((), unavailable)
        cards = await self._cards.compose(wanted, call, deadline)
        rows = [Row(kind, [cards.by_id[each] for each in ids if each in cards.by_id][:row_size]) for kind, ids in chosen.items()]
        return HomePage([row for row in rows if row.cards], [*unavailable, *(_PARTS[part] for part in cards.unavailable)])


_PARTS = {CardPart.RATINGS: HomePart.RATINGS, CardPart.METADATA: HomePart.METADATA}
