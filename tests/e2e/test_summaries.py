"""R11 end to end: after many changes at once through the edge, each summary equals a recount of the ratings that the edge lists."""

import asyncio
import random
import uuid
from collections import Counter
from statistics import fmean
from typing import Any

import httpx

from stack.whole import WholeStack
from tests.e2e.conftest import Headers, bearer

USERS, ROUNDS, MOVIES = 16, 12, 2


async def test_summaries_are_a_recount_after_many_changes_at_once(stack: WholeStack, admin: Headers) -> None:
    async with httpx.AsyncClient(base_url=stack.edge, timeout=10, trust_env=False) as http:
        movies = [f"/v1/movies/recount-{uuid.uuid4().hex[:8]}" for _ in range(MOVIES)]
        for path in movies:
            params = {"movieId": path.rpartition("/")[2]}
            assert (await http.post("/v1/movies", params=params, json={"title": "Recount"}, headers=admin)).status_code == 200
        await asyncio.gather(*(_restless_user(http, stack, number, movies) for number in range(USERS)))
        for path in movies:
            summary = (await http.get(f"{path}/ratingSummary")).json()
            scores = [rating["score"] for rating in (await http.get(f"{path}/ratings?pageSize=1000")).json()["ratings"]]
            assert summary["count"] == len(scores) > 0
            assert abs(summary["mean"] - fmean(scores)) < 1e-9
            assert {each["score"]: each["count"] for each in summary["histogram"] if each["count"]} == Counter(scores)
            await _shown(http, path, summary)
            await http.delete(path, headers=admin)


async def _restless_user(http: httpx.AsyncClient, stack: WholeStack, number: int, movies: list[str]) -> None:
    rng, headers = random.Random(number), bearer(stack.token(f"users/restless-{number}"))
    for _ in range(ROUNDS):
        path = rng.choice(movies)
        if rng.random() < 0.2:
            answer = await http.post(f"{path}:unrate", json={}, headers=headers)
            assert answer.status_code in (200, 404), answer.text
        else:
            answer = await http.post(f"{path}:rate", json={"score": rng.randint(1, 10) / 2}, headers=headers)
            assert answer.status_code == 200, answer.text


async def _shown(http: httpx.AsyncClient, path: str, summary: dict[str, Any]) -> None:
    """The composed page follows within a second."""
    async with asyncio.timeout(1.0):
        while (await http.get(f"{path}:details")).json()["summary"] != summary:  # noqa: ASYNC110 — another process is waited for
            await asyncio.sleep(0.02)
