"""GetHome: rows of cards, kept for some seconds."""

from collections.abc import Callable, Iterable
from datetime import datetime

from mesh.call import Call
from movie_service.application.home import Card, Home, HomePage, HomePart
from movie_service.application.parts import BUDGET_SECONDS, on_behalf_of_nobody, parts_deadline
from movie_service.infrastructure.grpc.answers import Answers, HomeKey
from movie_service.infrastructure.grpc.composed import kept_or_composed
from reelmesh.movie.v1.movie_pb2 import HomeRow, MovieCard
from reelmesh.movie.v1.movie_service_pb2 import GetHomeRequest, GetHomeResponse

_DEFAULT_ROW_SIZE = 20
_PARTS = {
    HomePart.FOR_YOU: GetHomeResponse.PART_FOR_YOU,
    HomePart.TRENDING: GetHomeResponse.PART_TRENDING,
    HomePart.TOP_RATED: GetHomeResponse.PART_TOP_RATED,
    HomePart.NEW: GetHomeResponse.PART_NEW,
    HomePart.RATINGS: GetHomeResponse.PART_RATINGS,
    HomePart.METADATA: GetHomeResponse.PART_METADATA,
}
_ROWS = {
    HomePart.TOP_RATED: (HomeRow.KIND_TOP_RATED, "Top rated"),
    HomePart.NEW: (HomeRow.KIND_NEW, "New"),
}


class HomeEndpoint:
    """`now` gives the time in UTC."""

    def __init__(self, home: Home, answers: Answers, now: Callable[[], datetime]) -> None:
        self._home, self._answers, self._now = home, answers, now

    async def GetHome(self, request: GetHomeRequest, call: Call) -> GetHomeResponse:
        languages = (request.language_code,) if request.language_code else call.languages
        row_size = request.row_size or _DEFAULT_ROW_SIZE
        signed_in = not call.principal.is_anonymous
        # Two rounds of calls, one after the other.
        deadline = parts_deadline(call, 2 * BUDGET_SECONDS)
        for_all = on_behalf_of_nobody(call, languages)

        async def compose() -> tuple[GetHomeResponse, bool]:
            page = await self._home.compose(row_size, self._now().date(), for_all, deadline, signed_in=signed_in)
            return _answer(page), page.complete

        key = HomeKey(tuple(language.lower() for language in languages), row_size, signed_in)
        return await kept_or_composed(self._answers.home, key, compose, for_all, deadline, _names)


def _names(answer: GetHomeResponse) -> Iterable[str]:
    return (card.name for row in answer.rows for card in row.movies)


def _answer(page: HomePage) -> GetHomeResponse:
    response = GetHomeResponse(unavailable_parts=[_PARTS[part] for part in page.unavailable])
    for row in page.rows:
        kind, title = _ROWS[row.kind]
        response.rows.add(kind=kind, title=title, movies=map(_card, row.cards))
    return response


def _card(card: Card) -> MovieCard:
    message = MovieCard(name=card.movie.name, title=card.movie.facts.title, release_year=card.movie.facts.release_year)
    if card.text is not None:
        message.title = card.text.title or message.title
        message.poster_uri = card.text.poster_uri
    if card.rating is not None:
        message.rating_mean, message.rating_count = card.rating.mean, card.rating.count
    return message
