"""What a service's Envoy loads: the application, without optional parts of libraries that would only take memory."""

import sys

for _unused in (
    "rich",  # structlog would draw tracebacks for a terminal with it: 5 MB
    "aiohttp",  # nats-py could speak WebSocket with it
):
    sys.modules[_unused] = None  # type: ignore[assignment]  # how the import system is told that there is no such module

from mesh.transport.envoy.process import app  # noqa: E402  # after the above, which is the point

__all__ = ["app"]
