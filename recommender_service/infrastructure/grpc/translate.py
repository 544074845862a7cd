"""Domain to contract, field by field, and what little comes the other way."""

from datetime import datetime

from mesh.timestamps import moment, timestamp
from recommender_service.application.recommending import RecommendedList, Wish
from recommender_service.domain import models
from recommender_service.domain.interactions import Interaction, Kind
from recommender_service.domain.recommendation import EVERYTHING, Filters, Recommendation
from recommender_service.infrastructure.grpc.names import id_of, model_name, movie_name, training_name
from reelmesh.recommender.v1 import recommender_pb2, recommender_service_pb2

_DEFAULT_COUNT = 20


def wish_from(request: recommender_service_pb2.RecommendMoviesRequest) -> Wish:
    return Wish(
        count=request.count or _DEFAULT_COUNT,
        genres=tuple(request.favourite_genres),
        filters=_filters_from(request),
        region=request.region_code,
        diversity=request.diversity,
        exclude=frozenset(map(id_of, request.exclude)),
    )


def _filters_from(request: recommender_service_pb2.RecommendMoviesRequest) -> Filters:
    if not (request.genres or request.language_codes or request.country_codes or request.year_from or request.year_to):
        return EVERYTHING
    return Filters(
        genres=frozenset(request.genres),
        languages=frozenset(code.lower() for code in request.language_codes),
        countries=frozenset(request.country_codes),
        year_from=request.year_from,
        year_to=request.year_to,
    )


def interaction_from(message: recommender_pb2.Interaction, user: str, region: str, now: datetime) -> Interaction:
    kind = _KINDS[message.kind]
    percent = round(100 * message.watched_share) if kind is Kind.WATCH_PROGRESS else 0
    time = moment(message.event_time) if message.HasField("event_time") else now
    return Interaction(user, id_of(message.movie), kind, percent, time, region)


def list_message(made: RecommendedList) -> recommender_service_pb2.RecommendMoviesResponse:
    return recommender_service_pb2.RecommendMoviesResponse(
        recommendations=map(_recommendation_message, made.items),
        model=model_name(made.model_id),
        level=made.level.value,  # type: ignore[arg-type]  # the numbers are those of the contract, as a test sees to
    )


def _recommendation_message(item: Recommendation) -> recommender_pb2.Recommendation:
    return recommender_pb2.Recommendation(
        movie=movie_name(item.movie),
        score=item.score,
        reason=item.reason.value,  # type: ignore[arg-type]  # as above
        because_of=map(movie_name, item.because_of),
        genres=item.genres,
    )


def model_message(model: models.Model) -> recommender_pb2.Model:
    return recommender_pb2.Model(
        name=model_name(model.model_id),
        state=model.state.value,  # type: ignore[arg-type]  # as above
        refusal=model.refusal,
        metrics=model.metrics,
        parameters=model.parameters,
        user_count=model.users,
        movie_count=model.movies,
        interaction_count=model.interactions,
        data_time=timestamp(model.data_time) if model.data_time else None,
        create_time=timestamp(model.create_time),
        activate_time=timestamp(model.activate_time) if model.activate_time else None,
    )


def training_message(training: models.Training) -> recommender_pb2.Training:
    succeeded = training.state is models.TrainingState.SUCCEEDED
    return recommender_pb2.Training(
        name=training_name(training.training_id),
        state=training.state.value,  # type: ignore[arg-type]  # as above
        model=model_name(training.model_id) if succeeded else "",
        progress=training.progress,
        stage=training.stage,
        error=training.error,
        create_time=timestamp(training.create_time),
        end_time=timestamp(training.end_time) if training.end_time else None,
    )


_KINDS = {
    recommender_pb2.Interaction.KIND_VIEW: Kind.VIEW,
    recommender_pb2.Interaction.KIND_CLICK: Kind.CLICK,
    recommender_pb2.Interaction.KIND_LIKE: Kind.LIKE,
    recommender_pb2.Interaction.KIND_DISLIKE: Kind.DISLIKE,
    recommender_pb2.Interaction.KIND_WATCH_PROGRESS: Kind.WATCH_PROGRESS,
}
