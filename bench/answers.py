"""A bare `grpc.aio` server that answers prepared messages of MovieService: no interceptor, no check, no database.

`python -m bench.answers FILE` serves what `write_answers` wrote, prints its address and ends with SIGTERM.
"""

import argparse
import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc

from bench.serving import serve_until_stopped
from reelmesh.movie.v1.movie_service_pb2 import GetMovieDetailsRequest, GetMovieDetailsResponse, GetMovieRequest, GetMovieResponse
from reelmesh.movie.v1.movie_service_pb2_grpc import MovieServiceServicer, add_MovieServiceServicer_to_server


class PreparedMovies(MovieServiceServicer):
    """The messages are made before the first call; gRPC's generated code parses the request and serialises the answer."""

    def __init__(self, details: Iterable[GetMovieDetailsResponse]) -> None:
        self._details = {each.movie.name: each for each in details}
        self._movies = {name: GetMovieResponse(movie=each.movie) for name, each in self._details.items()}

    async def GetMovie(self, request: GetMovieRequest, context: Any) -> GetMovieResponse:
        return self._movies[request.name]

    async def GetMovieDetails(self, request: GetMovieDetailsRequest, context: Any) -> GetMovieDetailsResponse:
        return self._details[request.name]


def write_answers(path: Path, answers: Iterable[GetMovieDetailsResponse]) -> None:
    with path.open("wb") as file:
        for answer in answers:
            payload = answer.SerializeToString()
            file.write(len(payload).to_bytes(4, "big") + payload)


def _read_answers(path: Path) -> list[GetMovieDetailsResponse]:
    octets, at, found = path.read_bytes(), 0, []
    while at < len(octets):
        length = int.from_bytes(octets[at : at + 4], "big")
        found.append(GetMovieDetailsResponse.FromString(octets[at + 4 : at + 4 + length]))
        at += 4 + length
    return found


async def _serve(path: Path) -> None:
    server = grpc.aio.server()
    movies = PreparedMovies(_read_answers(path))  # type: ignore[abstract]  # the other methods answer UNIMPLEMENTED
    add_MovieServiceServicer_to_server(movies, server)
    await serve_until_stopped(server)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    asyncio.run(_serve(parser.parse_args().file))
