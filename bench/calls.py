"""GetMovie over gRPC, warm: the movie service as `reelmesh up` runs it against a bare `grpc.aio` server with the same answers.

Tracing samples 1 % and exports it, every call of both sides carries an access token (the service verifies and remembers it, the bare server
ignores it) and a deadline, metrics are on. Both sides are asked by the same client over 4 connections with 4 calls at a time on each.
"""

from bench.answers import write_answers
from bench.load import LoadedTarget
from bench.measuring import Figure, arguments, compared, interleaved, python_process, show
from bench.prepared import PreparedStack, prepared_stack

AT_LEAST = 0.75


def measure(prepared: PreparedStack, seconds: float, rounds: int) -> list[Figure]:
    file = prepared.folder / "answers"
    write_answers(file, prepared.answers)
    bare_pids: list[int] = []
    with python_process("bench.answers", str(file), cpu_of=bare_pids) as bare_address:
        ours = LoadedTarget(prepared.movie_target(prepared.address("movie"), signed_in=True), prepared.pids("movie-1"), seconds)
        bare = LoadedTarget(prepared.movie_target(bare_address, signed_in=True), bare_pids, seconds)
        found = interleaved({"ours": ours.round, "bare": bare.round}, rounds)
    figures = compared("GetMovie", found["ours"], found["bare"], AT_LEAST, "bare server")
    calls = sum(each.per_second * seconds for each in found["ours"])
    exported = prepared.collector.spans.get("reelmesh.movie.v1.MovieService/GetMovie", 0)
    note = "exported in batches, so the last spans of a run are not counted"
    return [*figures, Figure("GetMovie: spans exported of 100 calls", 100 * exported / calls, "%", note=note)]


def main() -> None:
    chosen = arguments(__doc__, seconds=3, rounds=7)
    with prepared_stack() as prepared:
        figures = measure(prepared, chosen.seconds, chosen.rounds)
    show("GetMovie, warm", figures, chosen.json)


if __name__ == "__main__":
    main()
