"""GetMovieDetails: with a cold cache against a bare skeleton of four servers, warm against a bare server with the same answers.

Cold: the films are there many times, and each call asks for the next one, so that none is in the cache when its turn comes again. The
skeleton reads the same rows of the same PostgreSQL with raw psycopg; CPU time is that of four servers and of PostgreSQL. Calls are
anonymous: for a caller with a token, the service asks for the caller's own rating too, which the skeleton does not.
"""

from collections.abc import Sequence
from contextlib import ExitStack

import grpc

from bench.answers import write_answers
from bench.load import LoadedTarget
from bench.measuring import Figure, arguments, compared, interleaved, python_process, show
from bench.prepared import CONTEXTS, PreparedStack, prepared_stack
from reelmesh.movie.v1.movie_service_pb2 import GetMovieDetailsRequest
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceStub

COLD_AT_LEAST, WARM_AT_LEAST = 0.6, 0.75
_FILMS = 8_000  # four times what the service keeps


def measure_cold(prepared: PreparedStack, seconds: float, rounds: int) -> list[Figure]:
    names = prepared.multiply(-(-_FILMS // len(prepared.answers)))
    bare_pids: list[int] = []
    with ExitStack() as servers:
        others = [
            servers.enter_context(python_process("bench.skeleton", context, prepared.database_url(context), cpu_of=bare_pids))
            for context in ("rating", "metadata", "recommender")
        ]
        url = prepared.database_url("movie")
        movie = servers.enter_context(python_process("bench.skeleton", "movie", url, *others, cpu_of=bare_pids))
        require_same_answers(prepared.address("movie"), movie, names[: len(prepared.answers)])
        postgres = prepared.pids("postgres")
        our_pids = prepared.pids(*(f"{context}-1" for context in CONTEXTS))
        ours = LoadedTarget(prepared.details_target(prepared.address("movie"), names), [*our_pids, *postgres], seconds)
        bare = LoadedTarget(prepared.details_target(movie, names), [*bare_pids, *postgres], seconds)
        found = interleaved({"ours": ours.round, "bare": bare.round}, rounds)
    return compared("GetMovieDetails, cold", found["ours"], found["bare"], COLD_AT_LEAST, "bare skeleton")


def measure_warm(prepared: PreparedStack, seconds: float, rounds: int) -> list[Figure]:
    file = prepared.folder / "answers"
    write_answers(file, prepared.answers)
    bare_pids: list[int] = []
    with python_process("bench.answers", str(file), cpu_of=bare_pids) as bare_address:
        ours = LoadedTarget(prepared.details_target(prepared.address("movie")), prepared.pids("movie-1"), seconds)
        bare = LoadedTarget(prepared.details_target(bare_address), bare_pids, seconds)
        found = interleaved({"ours": ours.round, "bare": bare.round}, rounds)
    return compared("GetMovieDetails, warm", found["ours"], found["bare"], WARM_AT_LEAST, "bare server")


def require_same_answers(platform: str, skeleton: str, names: Sequence[str]) -> None:
    """A skeleton that answers something else, or less, would prove nothing."""
    with grpc.insecure_channel(platform) as ours, grpc.insecure_channel(skeleton) as theirs:
        for name in names:
            request = GetMovieDetailsRequest(name=name)
            expected, answer = (MovieServiceStub(channel).GetMovieDetails(request) for channel in (ours, theirs))
            if answer != expected:
                raise SystemExit(f"the skeleton answers {answer} instead of {expected}")


def main() -> None:
    chosen = arguments(__doc__, seconds=3, rounds=7)
    with prepared_stack() as prepared:
        figures = [*measure_cold(prepared, chosen.seconds, chosen.rounds), *measure_warm(prepared, chosen.seconds, chosen.rounds)]
    show("GetMovieDetails", figures, chosen.json)


if __name__ == "__main__":
    main()
