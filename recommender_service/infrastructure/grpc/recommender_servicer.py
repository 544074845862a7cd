"""RecommenderService."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime

from mesh import paging
from mesh.call import Call
from mesh.timestamps import moment
from recommender_service.application.ports import Ranked
from recommender_service.application.recommending import Recommending
from recommender_service.domain.errors import MovieNotFound, TimeInFuture
from recommender_service.domain.interactions import Taste, given_taste
from recommender_service.domain.recommendation import Level
from recommender_service.infrastructure.grpc.answers import Answers, ListKey
from recommender_service.infrastructure.grpc.names import id_of, model_name, movie_name
from recommender_service.infrastructure.grpc.recording import Recording
from recommender_service.infrastructure.grpc.translate import list_message, wish_from
from recommender_service.infrastructure.observed import Observed
from recommender_service.infrastructure.postgres.following import ChangesReader
from recommender_service.infrastructure.serving.state import State
from recommender_service.infrastructure.trials.watch import TrialWatch
from reelmesh.recommender.v1.recommender_pb2 import Contribution, ScoredMovie, SimilarMovies
from reelmesh.recommender.v1.recommender_service_pb2 import (
    BatchListSimilarMoviesRequest,
    BatchListSimilarMoviesResponse,
    ExplainRecommendationRequest,
    ExplainRecommendationResponse,
    ListSimilarMoviesRequest,
    ListSimilarMoviesResponse,
    ListTrendingMoviesRequest,
    ListTrendingMoviesResponse,
    RecommendMoviesRequest,
    RecommendMoviesResponse,
    RecordInteractionsRequest,
    RecordInteractionsResponse,
)

_WHOLE_LIST = 1_000
_DIGITS = 12  # PostgreSQL may add up in any order
_USERS = "users/"


class RecommenderServicer:
    """`reelmesh.recommender.v1.RecommenderService`. `now` gives the time in UTC."""

    def __init__(
        self,
        state: State,
        recommending: Recommending,
        changes: ChangesReader,
        recording: Recording,
        answers: Answers,
        observed: Observed,
        trials: TrialWatch,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._state, self._recommending, self._changes, self._recording = state, recommending, changes, recording
        self._answers, self._observed, self._trials, self._now = answers, observed, trials, now

    async def RecommendMovies(self, request: RecommendMoviesRequest, call: Call) -> RecommendMoviesResponse:
        user = "" if request.liked_movies or request.disliked_movies else _user(call)
        key = ListKey(user, request.SerializeToString(deterministic=True))
        lists = self._answers.lists(user)
        ready = lists.ready(key)
        return ready if ready is not None else await lists.get_or_load(key, lambda: self._recommended(request, user), tags=(user,))

    async def ListSimilarMovies(self, request: ListSimilarMoviesRequest, call: Call) -> ListSimilarMoviesResponse:
        return self._kept_similar(request)

    async def BatchListSimilarMovies(self, request: BatchListSimilarMoviesRequest, call: Call) -> BatchListSimilarMoviesResponse:
        # Never waits in between, so that all lists are of one model.
        found = [self._kept_similar(ListSimilarMoviesRequest(parent=parent, page_size=request.page_size)) for parent in request.parents]
        return BatchListSimilarMoviesResponse(
            lists=[SimilarMovies(movie=parent, movies=each.movies) for parent, each in zip(request.parents, found, strict=True)],
            model=found[0].model,
        )

    async def ListTrendingMovies(self, request: ListTrendingMoviesRequest, call: Call) -> ListTrendingMoviesResponse:
        size, after = paging.page_size(request.page_size), paging.decode(request, ((int, float), str))
        if not request.HasField("as_of"):
            ranked = self._state.popularity.trending(request.region_code, _WHOLE_LIST)
        else:
            as_of = moment(request.as_of)
            if as_of > self._now():
                raise TimeInFuture("as_of")
            rows = await self._changes.trending(as_of, request.region_code, _WHOLE_LIST)
            ranked = [Ranked(movie, round(interest / rows[0][1], _DIGITS)) for movie, interest in rows if interest > 0]
        page, token = _page(ranked, size, after, request)
        return ListTrendingMoviesResponse(movies=map(_scored, page), next_page_token=token)

    async def RecordInteractions(self, requests: AsyncIterator[RecordInteractionsRequest], call: Call) -> RecordInteractionsResponse:
        return await self._recording.run(requests, call)

    async def ExplainRecommendation(self, request: ExplainRecommendationRequest, call: Call) -> ExplainRecommendationResponse:
        movie = id_of(request.name)
        if not self._state.catalogue.knows(movie):
            raise MovieNotFound(movie)
        user = "" if request.liked_movies or request.disliked_movies else _user(call)
        taste = await self._taste(request, user)
        hidden = self._state.catalogue.find(movie) is None or any(opinion.movie == movie for opinion in taste.opinions)
        model = self._state.model_for(user)
        likes = sum(model.knows(like.movie) for like in taste.likes) if model else 0
        explanation = model.explain(taste, movie) if model and likes else None
        answer = ExplainRecommendationResponse(
            model=model_name(model.model_id if model else ""),
            level=(Level.POPULAR, Level.ONE_LIKE, Level.HISTORY)[min(likes, 2)].value,  # type: ignore[arg-type]  # the numbers of the contract
            hidden=hidden,
        )
        if explanation is None:
            answer.contributions.add(kind=Contribution.KIND_POPULARITY, score=self._state.popularity.of(movie))
            return answer
        parts = [Contribution(kind=Contribution.KIND_POPULARITY, score=explanation.popularity)]
        parts += [Contribution(kind=Contribution.KIND_HISTORY, movie=movie_name(liked), score=part) for liked, part in explanation.history]
        parts += [Contribution(kind=Contribution.KIND_FEATURE, feature=name, score=part) for name, part in explanation.features]
        answer.contributions.extend(sorted(parts, key=lambda part: -part.score))
        return answer

    async def _recommended(self, request: RecommendMoviesRequest, user: str) -> RecommendMoviesResponse:
        with self._observed.stage("taste"):
            taste = await self._taste(request, user)
        with self._observed.stage("list"):
            wish, model = wish_from(request), self._state.model_for(user)
            made = self._recommending.recommend(wish, taste, model)
        self._observed.listed(made, tried=model is not self._state.model.current)
        self._trials.listed(user, wish, taste, made, model)
        with self._observed.stage("answer"):
            answer = list_message(made)
            named = dict.fromkeys((*request.liked_movies, *request.disliked_movies, *request.exclude))
            answer.unknown_movies.extend(name for name in named if not self._state.catalogue.knows(id_of(name)))
        return answer

    def _kept_similar(self, request: ListSimilarMoviesRequest) -> ListSimilarMoviesResponse:
        if self._state.model.current is None:
            return self._similar(request)  # what is popular has a say in it, and that moves
        key = request.SerializeToString(deterministic=True)
        return self._answers.similar.get_or_make(key, lambda: self._similar(request))

    def _similar(self, request: ListSimilarMoviesRequest) -> ListSimilarMoviesResponse:
        size, after = paging.page_size(request.page_size), paging.decode(request, ((int, float), str))
        # The first page is what is nearly always asked for, and it needs no more than itself.
        ranked, model_id = self._recommending.similar(
            id_of(request.parent), size + 1 if after is None else _WHOLE_LIST, self._state.model.current
        )
        page, token = _page(ranked[:_WHOLE_LIST], size, after, request)
        return ListSimilarMoviesResponse(movies=map(_scored, page), next_page_token=token, model=model_name(model_id))

    async def _taste(self, request: RecommendMoviesRequest | ExplainRecommendationRequest, user: str) -> Taste:
        if request.liked_movies or request.disliked_movies:
            return given_taste(map(id_of, request.liked_movies), map(id_of, request.disliked_movies))
        return await self._state.tastes.of(user)


def _user(call: Call) -> str:
    """Empty for callers that are no users."""
    subject = call.principal.subject
    return subject.removeprefix(_USERS) if subject.startswith(_USERS) else ""


def _scored(ranked: Ranked) -> ScoredMovie:
    return ScoredMovie(movie=movie_name(ranked.movie), score=ranked.score)


def _page(
    ranked: Sequence[Ranked],
    size: int,
    after: tuple[paging.Scalar, ...] | None,
    request: ListSimilarMoviesRequest | ListTrendingMoviesRequest,
) -> tuple[Sequence[Ranked], str]:
    """The page behind the movie that the one before ended with; when it has left the list, behind its score."""
    rest = ranked
    if after is not None:
        score, movie = after
        place = next((place for place, each in enumerate(ranked) if each.movie == movie), None)
        rest = ranked[place + 1 :] if place is not None else [each for each in ranked if each.score < float(score or 0)]
    page = rest[:size]
    return page, paging.encode((page[-1].score, page[-1].movie), request) if len(rest) > size else ""
