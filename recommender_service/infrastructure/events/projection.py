"""What the rating, movie, metadata and library contexts tell, in our tables; each event once (the consumer's inbox)."""

from collections.abc import Sequence
from datetime import UTC

from google.protobuf.message import Message

from mesh.postgres.transaction import Transaction
from recommender_service.domain.interactions import Interaction, Kind
from recommender_service.infrastructure.postgres.interactions import PostgresInteractions
from recommender_service.infrastructure.postgres.movies import CatalogueMovie, MovieDocument, PostgresMovies
from reelmesh.library.v1.events_pb2 import ViewingProgressRecorded
from reelmesh.library.v1.library_pb2 import Viewing
from reelmesh.metadata.v1.events_pb2 import MovieMetadataChanged
from reelmesh.metadata.v1.metadata_pb2 import MovieMetadata
from reelmesh.movie.v1.events_pb2 import MovieCreated, MovieDeleted, MovieUndeleted, MovieUpdated
from reelmesh.movie.v1.movie_pb2 import Movie
from reelmesh.rating.v1.events_pb2 import MovieRated, MovieUnrated, RatingsImported, RatingsPurged
from reelmesh.rating.v1.rating_pb2 import Rating

EVENTS: Sequence[type[Message]] = (
    MovieCreated,
    MovieUpdated,
    MovieDeleted,
    MovieUndeleted,
    MovieMetadataChanged,
    MovieRated,
    MovieUnrated,
    RatingsImported,
    RatingsPurged,
    ViewingProgressRecorded,
)


async def project(transaction: Transaction, events: Sequence[Message]) -> None:
    """A batch with as few statements as it has kinds; ratings and viewings stay in their order among themselves."""
    movies = PostgresMovies(transaction)
    told = [
        _catalogue_movie(each.movie) for each in events if isinstance(each, MovieCreated | MovieUpdated | MovieDeleted | MovieUndeleted)
    ]
    if told:
        await movies.put_movies(told)
    documents = [_document(each.metadata) for each in events if isinstance(each, MovieMetadataChanged)]
    if documents:
        await movies.put_documents(documents)
    await _project_interactions(PostgresInteractions(transaction), events)


async def _project_interactions(interactions: PostgresInteractions, events: Sequence[Message]) -> None:
    waiting: list[Interaction] = []
    for event in events:
        if isinstance(event, MovieRated):
            waiting.append(_rated(event.rating))
        elif isinstance(event, MovieUnrated):
            waiting.append(_unrated(event.rating))
        elif isinstance(event, RatingsImported):
            waiting += map(_rated, event.ratings)
        elif isinstance(event, ViewingProgressRecorded):
            waiting += map(_watched, event.viewings)
        elif isinstance(event, RatingsPurged):
            await interactions.append(waiting)
            waiting = []
            await interactions.take_back(event.source)
    await interactions.append(waiting)


def _rated(rating: Rating) -> Interaction:
    time = rating.update_time.ToDatetime(UTC)
    return Interaction(_id(rating.user), _id(rating.movie), Kind.RATING, round(2 * rating.score), time, source=rating.source)


def _unrated(rating: Rating) -> Interaction:
    """The event does not say when; never before the rating, so it comes after it wherever events are put in the order of time."""
    return Interaction(_id(rating.user), _id(rating.movie), Kind.UNRATING, 0, rating.update_time.ToDatetime(UTC))


def _watched(viewing: Viewing) -> Interaction:
    user, movie = _id(viewing.name), _id(viewing.movie)
    # As much as a player reports by RecordInteractions; what was only said to be watched was watched to its end.
    return Interaction(user, movie, Kind.WATCH_PROGRESS, round(100 * viewing.watched_share), viewing.view_time.ToDatetime(UTC))


def _catalogue_movie(movie: Movie) -> CatalogueMovie:
    active = movie.state == Movie.STATE_ACTIVE
    return CatalogueMovie(_id(movie.name), active, movie.genres, movie.release_year, movie.original_language)


def _document(document: MovieMetadata) -> MovieDocument:
    return MovieDocument(_id(document.name), document.genres, document.countries)


def _id(name: str) -> str:
    """`tt1` of `movies/tt1/metadata`."""
    return name.split("/", 2)[1]
