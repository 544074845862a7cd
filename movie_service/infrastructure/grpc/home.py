"""GetHome: rows of cards, kept for some seconds."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from mesh.call import Call, Deadline
from movie_service.application.home import Home, HomePage, HomePart
from movie_service.application.parts import BUDGET_SECONDS, on_behalf_of_nobody, parts_deadline
from movie_service.infrastructure.grpc.answers import Answers, HomeKey
from movie_service.infrastructure.grpc.cards import card_message
from movie_service.infrastructure.grpc.composed import kept_or_composed
from reelmesh.movie.v1.movie_pb2 import HomeRow
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
    HomePart.FOR_YOU: (HomeRow.KIND_FOR_YOU, "For you"),
    HomePart.TRENDING: (HomeRow.KIND_TRENDING, "Trending"),
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
        # Two rounds of calls, one after the other.
        deadline = parts_deadline(call, 2 * BUDGET_SECONDS)
        if call.principal.is_anonymous:
            return await self._public(languages, row_size, call, deadline)
        own, public = await asyncio.gather(
            self._home.compose_own(row_size, replace(call, languages=languages), deadline),
            self._public(languages, row_size, call, deadline),
        )
        # What is everybody's is kept: what is the caller's goes into a message of its own, and first.
        answer = _answer(own)
        answer.rows.extend(public.rows)
        answer.unavailable_parts.extend(part for part in public.unavailable_parts if part not in answer.unavailable_parts)
        return answer

    async def _public(self, languages: tuple[str, ...], row_size: int, call: Call, deadline: Deadline) -> GetHomeResponse:
        for_all = on_behalf_of_nobody(call, languages)

        async def compose() -> tuple[GetHomeResponse, bool]:
            page = await self._home.compose(row_size, self._now().date(), for_all, deadline)
            return _answer(page), not page.unavailable

        key = HomeKey(tuple(language.lower() for language in languages), row_size)
        return await kept_or_composed(self._answers.home, key, compose, for_all, deadline, _names)


def _names(answer: GetHomeResponse) -> Iterable[str]:
    return (card.name for row in answer.rows for card in row.movies)


def _answer(page: HomePage) -> GetHomeResponse:
    response = GetHomeResponse(unavailable_parts=[_PARTS[part] for part in page.unavailable])
    for row in page.rows:
        kind, title = _ROWS[row.kind]
        response.rows.add(kind=kind, title=title, movies=map(card_message, row.cards))
    return response
