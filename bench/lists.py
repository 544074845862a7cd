"""RecommendMovies over gRPC with 10,000 movies, warm, against a bare server with the same messages; and from a rating to the next list.

The platform runs as `reelmesh up` does it, with a model trained there on the demo ratings; the other movies of the 10,000 are copies
that nobody has rated. Warm: one user's lists for 200 regions are asked for over and over, so that most are kept ready. Made anew: every
request brings a history that was not asked for before. An event: RateMovie through the edge, then lists through the edge until one
differs; the time includes the polling.
"""

import itertools
import time
from collections.abc import Iterator
from string import ascii_uppercase

import grpc
import psycopg

from bench.bare_lists import write_lists
from bench.load import LoadedTarget, Target
from bench.measuring import Figure, arguments, compared, interleaved, python_process, show
from bench.prepared import PreparedStack, prepared_stack
from reelmesh.rating.v1.rating_service_pb2 import RateMovieRequest
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from reelmesh.recommender.v1.model_service_pb2 import ActivateModelRequest, GetTrainingRequest, TrainModelRequest
from reelmesh.recommender.v1.model_service_pb2_grpc import ModelServiceStub
from reelmesh.recommender.v1.recommender_service_pb2 import RecommendMoviesRequest, RecommendMoviesResponse
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub

METHOD = "/reelmesh.recommender.v1.RecommenderService/RecommendMovies"
AT_LEAST, EVENT_AT_MOST_MS = 0.6, 1_000
MOVIES, COUNT, REGIONS, EVENTS = 10_000, 20, 200, 100
USER = "users/u0001"
_PATIENCE = 300.0


def fill_and_train(prepared: PreparedStack) -> None:
    with psycopg.connect(prepared.database_url("recommender"), autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM movies WHERE active").fetchone()
        assert row is not None
        connection.execute(
            "INSERT INTO movies (movie_id, active, genres, told_genres, release_year, original_language) "
            "SELECT movie_id || '-' || copy, true, genres, told_genres, release_year, original_language "
            "FROM movies, generate_series(1, %s) AS copy WHERE active ORDER BY copy LIMIT %s",
            (-(-MOVIES // row[0]), MOVIES - row[0]),
        )
    admin = (("authorization", f"Bearer {prepared.stack.token('users/admin', ['ADMIN'])}"),)
    limit = time.monotonic() + _PATIENCE
    with grpc.insecure_channel(prepared.stack.edge_address) as channel:
        models = ModelServiceStub(channel)
        movies = 0
        while movies < MOVIES:  # the first answer may be the training that `reelmesh up` began before the copies came
            training = models.TrainModel(TrainModelRequest(), metadata=admin).training
            while not training.HasField("end_time"):
                assert time.monotonic() < limit, training
                time.sleep(0.2)
                training = models.GetTraining(GetTrainingRequest(name=training.name), metadata=admin).training
            assert training.model, training.error
            movies = _movies_of(models, training.model, admin)
    time.sleep(1.0)  # every replica has it by then


def _movies_of(models: ModelServiceStub, name: str, admin: tuple[tuple[str, str], ...]) -> int:
    return models.ActivateModel(ActivateModelRequest(name=name), metadata=admin).model.movie_count


def measure_warm(prepared: PreparedStack, seconds: float, rounds: int) -> list[Figure]:
    regions = ["".join(pair) for pair in itertools.islice(itertools.product(ascii_uppercase, repeat=2), REGIONS)]
    requests = {region: RecommendMoviesRequest(count=COUNT, region_code=region) for region in regions}
    caller = prepared.bearer(USER)
    address = prepared.address("recommender")
    with grpc.insecure_channel(address) as channel:
        stub = RecommenderServiceStub(channel)
        lists: dict[str, RecommendMoviesResponse] = {
            region: stub.RecommendMovies(request, metadata=caller) for region, request in requests.items()
        }
    assert all(each.model and len(each.recommendations) == COUNT for each in lists.values())
    file, payloads = prepared.folder / "lists", [request.SerializeToString() for request in requests.values()]
    write_lists(file, lists)
    bare_pids: list[int] = []
    pids = prepared.pids("recommender-1")
    with python_process("bench.bare_lists", str(file), cpu_of=bare_pids) as bare_address:
        sides = {
            "warm": LoadedTarget(Target(address, METHOD, payloads, caller), pids, seconds).round,
            "anew": LoadedTarget(Target(address, METHOD, list(_histories(prepared)), caller), pids, seconds).round,
            "bare": LoadedTarget(Target(bare_address, METHOD, payloads, caller), bare_pids, seconds).round,
        }
        found = interleaved(sides, rounds)
    anew = compared("RecommendMovies, made anew", found["anew"], found["bare"], 0, "bare server")
    without_target = [Figure(each.name, each.value, each.unit) for each in anew if "bare server: " not in each.name]
    return [*compared("RecommendMovies, warm", found["warm"], found["bare"], AT_LEAST, "bare server"), *without_target]


def _histories(prepared: PreparedStack) -> Iterator[bytes]:
    """Ten liked movies each, no two alike."""
    names = [answer.movie.name for answer in prepared.answers]
    for number in range(20_000):
        liked = [names[(number * 7 + step * (1 + number // len(names)) * 13) % len(names)] for step in range(10)]
        yield RecommendMoviesRequest(count=COUNT, liked_movies=dict.fromkeys(liked)).SerializeToString()


def measure_events(prepared: PreparedStack) -> list[Figure]:
    caller = prepared.bearer("users/bench")
    took = []
    with grpc.insecure_channel(prepared.stack.edge_address) as channel:
        ratings, lists = RatingServiceStub(channel), RecommenderServiceStub(channel)
        request = RecommendMoviesRequest(count=COUNT)
        for movie in [answer.movie.name for answer in prepared.answers][:EVENTS]:
            before = lists.RecommendMovies(request, metadata=caller)
            ratings.RateMovie(RateMovieRequest(name=movie, score=5), metadata=caller)
            started = time.perf_counter()
            while lists.RecommendMovies(request, metadata=caller) == before:
                assert time.perf_counter() - started < 30, f"the list does not change after {movie}"
            took.append(1000 * (time.perf_counter() - started))
    took.sort()
    return [
        Figure("rating to another list: p50", took[len(took) // 2], "ms"),
        Figure("rating to another list: p99", took[len(took) * 99 // 100], "ms", at_most=EVENT_AT_MOST_MS),
    ]


def main() -> None:
    chosen = arguments(__doc__, seconds=3, rounds=5)
    with prepared_stack() as prepared:
        fill_and_train(prepared)
        figures = [*measure_warm(prepared, chosen.seconds, chosen.rounds), *measure_events(prepared)]
    show("RecommendMovies", figures, chosen.json)


if __name__ == "__main__":
    main()
