"""`python -m tests.integration.control_plane.plane REGISTRY_DIR PORT RULES_FILE [--without-retries] [--without-ejection]`: a control
plane for the echo service."""

import asyncio
import sys
from pathlib import Path

from mesh.control_plane import limits
from mesh.control_plane.ads import AdsServer
from mesh.control_plane.following import follow, follow_rules
from mesh.control_plane.rules import RulesFile
from mesh.control_plane.snapshot import grpc_client_builder
from mesh.registry.local import LocalRegistry
from tests.integration.control_plane.echo import METHOD
from tests.unit.control_plane.methods import SampleMethod


async def serve(directory: Path, port: int, rules: Path, retries: bool) -> None:
    ads = AdsServer(grpc_client_builder([SampleMethod(METHOD, "echo", deadline=2.0, repeatable=retries)]))
    await ads.start(f"127.0.0.1:{port}")
    await asyncio.gather(follow(LocalRegistry(directory, poll=0.2), ads.publish), follow_rules(RulesFile(rules), ads.apply))


if __name__ == "__main__":
    if "--without-ejection" in sys.argv:
        limits.EJECTION_MINIMUM_HOSTS = 1000
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), "--without-retries" not in sys.argv))
