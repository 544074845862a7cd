"""Keeps a control plane up to date with the registry, whatever happens to the registry."""

import asyncio
from collections.abc import Callable

import structlog

from mesh.registry.port import Instance, Registry

_log = structlog.get_logger(__name__)
_PAUSE = 1.0  # seconds between attempts when the watch itself breaks


async def follow(registry: Registry, publish: Callable[[frozenset[Instance]], None]) -> None:
    """Runs until it is cancelled. A watch that fails is begun again; what was published before stays (fail static)."""
    while True:
        try:
            async for instances in registry.watch():
                _log.info("instances", running=sorted(f"{each.instance_id}@{each.address}" for each in instances))
                publish(instances)
        except Exception as error:  # whatever an adapter raises must not end the control plane
            _log.warning("the registry cannot be watched, what is known is kept", error=repr(error))
        await asyncio.sleep(_PAUSE)
