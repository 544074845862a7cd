"""Callers who keep asking for lists, and what they got."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import grpc

from mesh.server import RunningService
from reelmesh.recommender.v1.recommender_service_pb2 import RecommendMoviesRequest
from reelmesh.recommender.v1.recommender_service_pb2_grpc import RecommenderServiceStub
from tests.services import stub_of, token


@dataclass
class Seen:
    """What callers got: scores of a list by the model that it names."""

    calls: int = 0
    failed: list[str] = field(default_factory=list)
    late: int = 0
    lists: dict[tuple[str, str], set[tuple[tuple[str, float], ...]]] = field(default_factory=dict)

    @property
    def served(self) -> bool:
        """Whether no call failed, and none but a few of a busy machine came late: a swap that held calls up would be late for all."""
        return not self.failed and self.late <= self.calls // 50

    @property
    def mixed(self) -> int:
        """Lists of one user that name one model and are not the same."""
        return sum(len(lists) - 1 for lists in self.lists.values())


async def load(replica: RunningService, seen: Seen, stop: asyncio.Event) -> None:
    async with stub_of(replica.address, RecommenderServiceStub) as opened:
        stub: Any = opened
        number = 0
        while not stop.is_set():
            number += 1
            user = f"users/u{number % 6}"
            try:
                # A count that changes keeps the answer from being one that was kept ready.
                answer = await stub.RecommendMovies(RecommendMoviesRequest(count=10 + number % 90), metadata=token(user), timeout=5)
            except grpc.aio.AioRpcError as error:
                # The contract gives a list a second; a machine that others use may take it, and that is no failure of ours.
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    seen.late += 1
                else:
                    seen.failed.append(f"{error.code()}: {error.details()}")
                continue
            seen.calls += 1
            first = tuple((each.movie, each.score) for each in answer.recommendations[:10])
            seen.lists.setdefault((answer.model, user), set()).add(first)
