"""A bare `grpc.aio` server that answers prepared lists of RecommenderService: no check, no model, no history.

`python -m bench.bare_lists FILE` serves what `write_lists` wrote, prints its address and ends with SIGTERM. Lists are told apart by their
region: `bench.lists` gives every request one of its own.
"""

import argparse
import asyncio
import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc

from bench.serving import serve_until_stopped
from reelmesh.recommender.v1.recommender_service_pb2 import RecommendMoviesRequest, RecommendMoviesResponse
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceServicer, add_RecommenderServiceServicer_to_server


class PreparedLists(RecommenderServiceServicer):
    """The messages are made before the first call; gRPC's generated code parses the request and serialises the answer."""

    def __init__(self, lists: Mapping[str, RecommendMoviesResponse]) -> None:
        self._lists = lists

    async def RecommendMovies(self, request: RecommendMoviesRequest, context: Any) -> RecommendMoviesResponse:
        return self._lists[request.region_code]


def write_lists(path: Path, lists: Mapping[str, RecommendMoviesResponse]) -> None:
    path.write_text(json.dumps({region: base64.b64encode(each.SerializeToString()).decode() for region, each in lists.items()}), "utf-8")


def _read_lists(path: Path) -> dict[str, RecommendMoviesResponse]:
    stored = json.loads(path.read_text("utf-8"))
    return {region: RecommendMoviesResponse.FromString(base64.b64decode(each)) for region, each in stored.items()}


async def _serve(path: Path) -> None:
    server = grpc.aio.server()
    prepared = PreparedLists(_read_lists(path))  # type: ignore[abstract]  # the other methods answer UNIMPLEMENTED
    add_RecommenderServiceServicer_to_server(prepared, server)
    await serve_until_stopped(server)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    asyncio.run(_serve(parser.parse_args().file))
