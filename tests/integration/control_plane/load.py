"""`python -m tests.integration.control_plane.load XDS_SERVERS [--zone=ZONE] [--deadline=SECONDS] [--without-budget]`: calls xds:///echo
without a pause through the mesh's own channel; each line on standard input asks for a report (JSON: answers by instance, failures by code
and when they were, since the last one), the end of input ends it."""

import argparse
import asyncio
import collections
import json
import os
import sys
import time
from typing import Any

from mesh.control_plane.client_bootstrap import use_control_plane

_parser = argparse.ArgumentParser()
_parser.add_argument("servers")
_parser.add_argument("--zone", default="")
_parser.add_argument("--deadline", type=float, default=10.0)
_parser.add_argument("--without-budget", action="store_true")
_options = _parser.parse_known_args()[0]

use_control_plane(os.environ, _options.servers.split(","), node_id="load", zone=_options.zone)

from mesh.errors import MeshError  # noqa: E402  # gRPC reads its xDS bootstrap from the environment when it comes up
from mesh.tracing import Tracing  # noqa: E402  # it imports gRPC
from mesh.transport.grpcio.channel import Channel  # noqa: E402  # it imports gRPC
from mesh.transport.grpcio.transport import on_the_mesh  # noqa: E402  # it imports gRPC
from mesh.transport.retries import Retries  # noqa: E402  # beside the others
from tests.integration.control_plane.echo import METHOD  # noqa: E402  # it imports gRPC
from tests.unit.control_plane.methods import SampleMethod  # noqa: E402  # it imports gRPC

_IN_FLIGHT = 8


class Boundless(Retries):
    @property
    def allowed(self) -> bool:
        return True


async def main() -> None:
    failures: collections.Counter[str] = collections.Counter()
    answers: collections.Counter[str] = collections.Counter()
    failed_at: list[float] = []
    running = True
    policies: Any = {METHOD: SampleMethod(METHOD, "echo", deadline=_options.deadline)}
    channel = Channel(on_the_mesh("echo"), policies, Tracing("load"), str)
    if _options.without_budget:
        channel._retries = Boundless()
    call: Any = channel.unary_unary(METHOD, None, None)

    async def caller() -> None:
        while running:
            try:
                answers[(await call(b"")).decode()] += 1
            except MeshError as error:
                failures[f"{type(error).__name__}: {error}"] += 1
                failed_at.append(time.monotonic())
                await asyncio.sleep(0.01)

    callers = [asyncio.create_task(caller()) for _ in range(_IN_FLIGHT)]
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps({"failures": failures, "failed_at": failed_at, "answers": answers}), flush=True)
        failures.clear()
        answers.clear()
        failed_at.clear()
    running = False
    await asyncio.gather(*callers)
    await channel.close()


asyncio.run(main())
