"""Keeps a control plane up to date with the registry, the rules and the keys, whatever happens to them."""

import asyncio
from collections.abc import Callable

import structlog

from mesh.control_plane.rules import NO_RULES, Rules, RulesFile, RulesUnreadable
from mesh.keys import KeysUnreadable, parsed
from mesh.registry.port import Instance, Registry

_log = structlog.get_logger(__name__)
_PAUSE = 1.0  # seconds between attempts when the watch itself breaks
_LOOK = 0.25  # seconds between two looks at the rules
_LOOK_FOR_KEYS = 1.0


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


async def follow_rules(file: RulesFile, apply: Callable[[Rules], None]) -> None:
    """Runs until it is cancelled. Rules that cannot be read leave the last ones.

    The file is looked at instead of watched: it may be a link that is turned to another file (a ConfigMap is), and it is small.
    """
    last, broken = NO_RULES, ""
    while True:
        try:
            rules = await asyncio.to_thread(file.read)
        except RulesUnreadable as error:
            if str(error) != broken:
                broken = str(error)
                _log.error("the rules cannot be read, the last ones are kept", error=broken)
        else:
            broken = ""
            if rules != last:
                last = rules
                _log.info("rules", **rules.model_dump(mode="json"))
                apply(rules)
        await asyncio.sleep(_LOOK)


async def follow_keys(read: Callable[[], str], trust: Callable[[str], None]) -> None:
    """Runs until it is cancelled. `read` gives a key set as text, and may block; keys that cannot be read leave the last ones."""
    last, broken = "", ""
    while True:
        try:
            text = await asyncio.to_thread(read)
            if not (key_ids := sorted(parsed(text))):
                raise KeysUnreadable("there is no key in the set")  # Envoy would refuse it
        except (OSError, KeysUnreadable) as error:
            if str(error) != broken:
                broken = str(error)
                _log.error("the public keys cannot be read, the last ones are kept", error=broken)
        else:
            broken = ""
            if text != last:
                last = text
                _log.info("keys", ids=key_ids)
                trust(text)
        await asyncio.sleep(_LOOK_FOR_KEYS)
