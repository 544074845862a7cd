"""`python -m tests.integration.control_plane.load XDS_SERVERS`: calls xds:///echo without a pause; each line on standard input asks for
a report (JSON: calls, failures by code, answers by instance since the last one), the end of input ends it."""

import asyncio
import collections
import json
import os
import sys
from typing import Any

from mesh.control_plane.client_bootstrap import use_control_plane

use_control_plane(os.environ, sys.argv[1].split(","), node_id="load")

import grpc  # noqa: E402  # gRPC reads its xDS bootstrap from the environment when it comes up

from tests.integration.control_plane.echo import METHOD  # noqa: E402  # it imports gRPC

_IN_FLIGHT = 8


async def main() -> None:
    failures: collections.Counter[str] = collections.Counter()
    answers: collections.Counter[str] = collections.Counter()
    running = True

    async with grpc.aio.insecure_channel("xds:///echo") as channel:
        call: Any = channel.unary_unary(METHOD, None, None)

        async def caller() -> None:
            while running:
                try:
                    answers[(await call(b"", timeout=10)).decode()] += 1
                except grpc.aio.AioRpcError as error:
                    failures[f"{error.code().name}: {error.details()}"] += 1
                    await asyncio.sleep(0.01)

        callers = [asyncio.create_task(caller()) for _ in range(_IN_FLIGHT)]
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps({"failures": failures, "answers": answers}), flush=True)
            failures.clear()
            answers.clear()
        running = False
        await asyncio.gather(*callers)


asyncio.run(main())
