"""`python -m tests.integration.control_plane.plane REGISTRY_DIR PORT`: a control plane for the echo service."""

import asyncio
import sys
from pathlib import Path

from mesh.control_plane.ads import AdsServer
from mesh.control_plane.following import follow
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.registry.local import LocalRegistry
from tests.integration.control_plane.echo import METHOD
from tests.unit.control_plane.clients import SampleMethod


async def serve(directory: Path, port: int) -> None:
    ads = AdsServer(grpc_client_builder([SampleMethod(METHOD, "echo", deadline=2.0)]))
    await ads.start(f"127.0.0.1:{port}")
    await follow(LocalRegistry(directory, poll=0.2), ads.publish)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
