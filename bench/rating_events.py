"""Ratings that go on while something is measured: so many a second, each an event that drops what is kept of its movie."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import grpc

from bench.prepared import PreparedStack
from reelmesh.rating.v1.rating_service_pb2 import RateMovieRequest
from reelmesh.rating.v1.rating_service_pb2_grpc import RatingServiceStub

_USERS = 50
_PATIENCE = 5.0  # seconds for one answer


@dataclass(slots=True)
class Ratings:
    """How many there have been; `failure` is why they ended before they were told to."""

    count: int = 0
    failure: str = ""


@contextmanager
def rating(prepared: PreparedStack, names: Sequence[str], per_second: float) -> Iterator[Ratings]:
    """Rates `names` in turn, through the edge, from a thread of its own. A rating that fails ends the benchmark."""
    ratings, stop = Ratings(), threading.Event()
    thread = threading.Thread(target=_rate, args=(prepared, names, per_second, ratings, stop), daemon=True)
    thread.start()
    try:
        yield ratings
    finally:
        stop.set()
        thread.join()
    if ratings.failure:
        raise SystemExit(f"a rating failed: {ratings.failure}")


def _rate(prepared: PreparedStack, names: Sequence[str], per_second: float, ratings: Ratings, stop: threading.Event) -> None:
    callers = [prepared.bearer(f"users/rating-{number}") for number in range(_USERS)]
    began = time.monotonic()
    with grpc.insecure_channel(prepared.stack.edge_address) as channel:
        stub = RatingServiceStub(channel)
        while not stop.wait(max(0.0, began + ratings.count / per_second - time.monotonic())):
            number = ratings.count
            request = RateMovieRequest(name=names[number % len(names)], score=0.5 + number % 10 / 2)
            try:
                stub.RateMovie(request, metadata=callers[number % _USERS], timeout=_PATIENCE)
            except grpc.RpcError as error:
                ratings.failure = str(error)
                return
            ratings.count += 1
