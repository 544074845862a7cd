"""BatchGetMovieCards, and a card as the contract has it."""

from dataclasses import replace

from mesh.call import Call
from movie_service.application.cards import Card, CardPart, MovieCards
from movie_service.application.parts import parts_deadline
from movie_service.domain.movie import movie_id_of
from reelmesh.movie.v1.movie_pb2 import MovieCard
from reelmesh.movie.v1.movie_service_pb2 import BatchGetMovieCardsRequest, BatchGetMovieCardsResponse

_PARTS = {
    CardPart.RATINGS: BatchGetMovieCardsResponse.PART_RATINGS,
    CardPart.METADATA: BatchGetMovieCardsResponse.PART_METADATA,
}


class CardsEndpoint:
    """Nothing is kept: which movies are asked for together hardly ever repeats."""

    def __init__(self, cards: MovieCards) -> None:
        self._cards = cards

    async def BatchGetMovieCards(self, request: BatchGetMovieCardsRequest, call: Call) -> BatchGetMovieCardsResponse:
        asked = replace(call, languages=(request.language_code,)) if request.language_code else call
        found = await self._cards.compose([movie_id_of(name) for name in request.names], asked, parts_deadline(call))
        response = BatchGetMovieCardsResponse(unavailable_parts=[_PARTS[part] for part in found.unavailable])
        for name in request.names:
            card = found.by_id.get(movie_id_of(name))
            if card is None:
                response.missing_names.append(name)
            else:
                response.cards.append(card_message(card))
        return response


def card_message(card: Card) -> MovieCard:
    message = MovieCard(name=card.movie.name, title=card.movie.facts.title, release_year=card.movie.facts.release_year)
    if card.text is not None:
        message.title = card.text.title or message.title
        message.poster_uri = card.text.poster_uri
    if card.rating is not None:
        message.rating_mean, message.rating_count = card.rating.mean, card.rating.count
    return message
