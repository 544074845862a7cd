"""RecommendMovies, the first 20 of about 10,000 movies, against a bare server with the same messages; and from a rating to another list.

On each transport `reelmesh up` begins empty, a MovieLens data set is imported (one that is made up without `--movielens`), and TrainModel
learns from it. Three kinds of requests are asked: those of a user with a history, those of nobody who says what they liked, both as the
service keeps them ready (a user's until something changes but 10 s at most, nobody's for half a second), and those of histories that were
not asked for before, so that every list is made anew. An event: RateMovie through the edge, from its answer until a list that is asked for
through the edge does not have that movie any more; the polling is in it.
"""

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase

import grpc
import psycopg

from bench.bare_lists import write_lists
from bench.import_movielens import import_into, made_up
from bench.load import LoadedTarget, Target
from bench.measuring import Figure, compared, interleaved, python_process, show
from bench.prepared import PreparedStack, prepared_stack
from reelmesh.rating.v1.rating_service_pb2 import RateMovieRequest
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub
from reelmesh.recommender.v1.model_service_pb2 import GetModelRequest, GetTrainingRequest, ListTrainingsRequest, TrainModelRequest
from reelmesh.recommender.v1.model_service_pb2_grpc import ModelServiceStub
from reelmesh.recommender.v1.recommender_pb2 import Model
from reelmesh.recommender.v1.recommender_service_pb2 import RecommendMoviesRequest, RecommendMoviesResponse
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from stack.topology import TRANSPORTS

METHOD = "/reelmesh.recommender.v1.RecommenderService/RecommendMovies"
AT_LEAST, EVENT_AT_MOST_MS = 0.6, 1_000
COUNT, LISTS, EVENTS = 20, 20, 200
_LIKED, _ANEW = 10, 20_000
_PATIENCE = 900.0
_QUIET = 5.0  # seconds without a training; the schedule asks for its own after 3
_REGIONS = ["".join(pair) for pair in itertools.product(ascii_uppercase, repeat=2)]

Metadata = tuple[tuple[str, str], ...]


def learn(prepared: PreparedStack, path: Path) -> Model:
    """Imports and trains; the model of everything that was imported, which is the one that lists are made with."""
    import_into(prepared.stack, path)
    with psycopg.connect(prepared.database_url("rating")) as connection:
        ratings = _number(connection, "SELECT count(*) FROM ratings")
    limit = time.monotonic() + _PATIENCE
    with psycopg.connect(prepared.database_url("recommender"), autocommit=True) as connection:
        while _number(connection, "SELECT count(*) FROM interactions") < ratings:
            _wait(limit, "the recommender has not heard of every rating")
    admin = (("authorization", f"Bearer {prepared.stack.token('users/admin', ['ADMIN'])}"),)
    with grpc.insecure_channel(prepared.stack.edge_address) as channel:
        models = ModelServiceStub(channel)
        while True:  # the first answer may be a training that began by itself when the import paused
            training = models.TrainModel(TrainModelRequest(), metadata=admin).training
            while not training.HasField("end_time"):
                _wait(limit, "the training has not ended")
                training = models.GetTraining(GetTrainingRequest(name=training.name), metadata=admin).training
            if training.error:
                raise SystemExit(f"the training failed: {training.error}")
            model = models.GetModel(GetModelRequest(name=training.model), metadata=admin).model
            if model.interaction_count >= ratings:
                break
        _until_nothing_is_trained(models, admin, limit)
        lists = RecommenderServiceStub(channel)
        while True:
            served = lists.RecommendMovies(RecommendMoviesRequest(count=1)).model
            if served and (model := models.GetModel(GetModelRequest(name=served), metadata=admin).model).interaction_count >= ratings:
                return model
            _wait(limit, "lists are still made without the model")


def _until_nothing_is_trained(models: ModelServiceStub, admin: Metadata, limit: float) -> None:
    """After an import the recommender trains by itself, too, in a child of the process whose CPU time is measured."""
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < _QUIET:
        if not models.ListTrainings(ListTrainingsRequest(page_size=1), metadata=admin).trainings[0].HasField("end_time"):
            quiet_since = time.monotonic()
        _wait(limit, "trainings do not end")


def _number(connection: psycopg.Connection[tuple[int]], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _wait(limit: float, otherwise: str) -> None:
    if time.monotonic() > limit:
        raise SystemExit(otherwise)
    time.sleep(0.2)


def _known(prepared: PreparedStack) -> tuple[str, list[str], list[str]]:
    """A user with a history of ordinary length, the movies that are known well enough to be liked, and all movies."""
    with psycopg.connect(prepared.database_url("recommender")) as connection:
        users = connection.execute("SELECT user_id FROM interactions JOIN users USING (user_no) GROUP BY 1 ORDER BY count(*), 1").fetchall()
        liked = connection.execute(
            "SELECT movie_id FROM interactions JOIN movies USING (movie_no) WHERE active GROUP BY 1 HAVING count(*) >= 5 ORDER BY 1"
        ).fetchall()
        movies = connection.execute("SELECT movie_id FROM movies WHERE active ORDER BY 1").fetchall()
    return f"users/{users[len(users) // 2][0]}", [f"movies/{movie}" for (movie,) in liked], [f"movies/{movie}" for (movie,) in movies]


def measure_lists(prepared: PreparedStack, transport: str, seconds: float, rounds: int) -> list[Figure]:
    user, liked, movies = _known(prepared)
    chance = random.Random(1)

    def history() -> list[str]:
        return chance.sample(liked, _LIKED)

    regions = iter(_REGIONS)
    own = [RecommendMoviesRequest(count=COUNT, region_code=next(regions)) for _ in range(LISTS)]
    said = [RecommendMoviesRequest(count=COUNT, region_code=next(regions), liked_movies=history()) for _ in range(LISTS)]
    anew = [RecommendMoviesRequest(count=COUNT, region_code="XX", liked_movies=history()) for _ in range(_ANEW)]
    signed_in: Metadata = prepared.bearer(user)
    address, file = prepared.address("recommender"), prepared.folder / "lists"
    write_lists(file, {**_answers(address, own, signed_in), **_answers(address, said, ())})
    bare_pids: list[int] = []
    pids = prepared.pids("recommender-1")
    with python_process("bench.bare_lists", str(file), cpu_of=bare_pids) as bare:

        def target(server: str, requests: Sequence[RecommendMoviesRequest], metadata: Metadata = ()) -> Target:
            return Target(server, METHOD, [request.SerializeToString() for request in requests], metadata)

        sides = {
            "own": LoadedTarget(target(address, own, signed_in), pids, seconds),
            "bare own": LoadedTarget(target(bare, own, signed_in), bare_pids, seconds),
            "said": LoadedTarget(target(address, said), pids, seconds),
            "bare said": LoadedTarget(target(bare, said), bare_pids, seconds),
            "anew": LoadedTarget(target(address, anew), pids, seconds),
        }
        found = interleaved({name: side.round for name, side in sides.items()}, rounds)
    on = f"({len(movies):,} movies, {transport})"
    of_anew = compared(f"a list made anew {on}", found["anew"], found["bare said"], 0, "bare server, the same")
    return [
        *compared(f"a user's list {on}", found["own"], found["bare own"], AT_LEAST, "bare server, a user's list"),
        *compared(f"nobody's list {on}", found["said"], found["bare said"], AT_LEAST, "bare server, nobody's list"),
        *(Figure(each.name, each.value, each.unit) for each in of_anew if not each.name.startswith("bare server")),
    ]


def _answers(address: str, requests: Sequence[RecommendMoviesRequest], metadata: Metadata) -> Mapping[str, RecommendMoviesResponse]:
    with grpc.insecure_channel(address) as channel:
        stub = RecommenderServiceStub(channel)
        lists = {request.region_code: stub.RecommendMovies(request, metadata=metadata) for request in requests}
    if not all(each.model and len(each.recommendations) == COUNT for each in lists.values()):
        raise SystemExit("a list is too short, or no model's: that would be compared with less than it should be")
    return lists


def measure_events(prepared: PreparedStack, transport: str) -> list[Figure]:
    """One user rates what is first in the list and asks until it is gone; half of the ratings are likes, which move the rest too."""
    caller, request = prepared.bearer("users/bench-events"), RecommendMoviesRequest(count=COUNT)
    took = []
    with grpc.insecure_channel(prepared.stack.edge_address) as channel:
        ratings, lists = RatingServiceStub(channel), RecommenderServiceStub(channel)
        for number in range(EVENTS):
            movie = lists.RecommendMovies(request, metadata=caller).recommendations[0].movie
            ratings.RateMovie(RateMovieRequest(name=movie, score=5 if number % 2 else 2), metadata=caller)
            started = time.perf_counter()
            while any(each.movie == movie for each in lists.RecommendMovies(request, metadata=caller).recommendations):
                if time.perf_counter() - started > 30:
                    raise SystemExit(f"{movie} was rated and stays in the list")
            took.append(1000 * (time.perf_counter() - started))
    took.sort()
    return [
        Figure(f"rating to another list ({transport}): p50", took[len(took) // 2], "ms"),
        Figure(f"rating to another list ({transport}): p99", took[len(took) * 99 // 100], "ms", at_most=EVENT_AT_MOST_MS),
    ]


def measure(transport: str, path: Path, seconds: float, rounds: int) -> list[Figure]:
    with prepared_stack("--transport", transport, demo=False) as prepared:
        model = learn(prepared, path)
        return [
            Figure(f"the model's movies ({transport})", model.movie_count),
            Figure(f"the model's interactions ({transport})", model.interaction_count),
            *measure_lists(prepared, transport, seconds, rounds),
            *measure_events(prepared, transport),
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3, help="length of a round (default 3)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each side (default 5)")
    parser.add_argument("--transport", action="append", choices=TRANSPORTS, help="one of them only")
    parser.add_argument("--movielens", metavar="PATH", type=Path, help="a MovieLens data set instead of one that is made up")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reelmesh-bench-") as folder:
        path = chosen.movielens or made_up(Path(folder) / "made-up")
        figures = [
            figure for transport in chosen.transport or TRANSPORTS for figure in measure(transport, path, chosen.seconds, chosen.rounds)
        ]
    show("RecommendMovies", figures, chosen.json)


if __name__ == "__main__":
    main()
