"""What Consul is told about an instance, and what its answers say about one."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from consul import Check

from mesh.registry.port import Instance

_log = structlog.get_logger(__name__)

# How far apart checks are and how long one may take. Two failures in a row count, so that a busy machine ends nobody.
_INTERVAL, _TIMEOUT, _FAILURES = "2s", "2s", 2
# Consul does not take less than a minute. Until then an operator sees what has died.
_FORGOTTEN_AFTER = "2m"


def registration(instance: Instance, prefix: str) -> dict[str, Any]:
    """The arguments of py-consul's `register`. It passes at first: a service registers once it is SERVING."""
    check = _check(instance)
    return {
        "name": f"{prefix}{instance.context}",
        "service_id": f"{prefix}{instance.instance_id}",
        "address": instance.host,
        "port": instance.port,
        "tags": [f"version={instance.version}", f"zone={instance.zone}"],
        "meta": {**instance.metadata, "version": instance.version, "zone": instance.zone},
        "check": {**check, "Status": "passing", "FailuresBeforeCritical": _FAILURES},
        "replace_existing_checks": True,
    }


def _check(instance: Instance) -> dict[str, Any]:
    checked: dict[str, Any]
    if "tls" in instance.metadata:  # an agent has no certificate of the mesh: it sees who is gone, not who is unwell
        checked = Check.tcp(instance.host, instance.port, _INTERVAL, timeout=_TIMEOUT, deregister=_FORGOTTEN_AFTER)
    else:
        checked = Check.grpc(instance.address, _INTERVAL, timeout=_TIMEOUT, deregister=_FORGOTTEN_AFTER)
    return checked


def instances_of(entries: Sequence[Mapping[str, Any]], prefix: str) -> frozenset[Instance]:
    """Of what Consul says about one service."""
    found = set()
    for entry in entries:
        try:
            found.add(_instance(entry, prefix))
        except (KeyError, TypeError, ValueError) as error:
            _log.warning("an entry of Consul is skipped", entry=entry.get("Service"), error=repr(error))
    return frozenset(found)


def _instance(entry: Mapping[str, Any], prefix: str) -> Instance:
    service = entry["Service"]
    metadata = dict(service["Meta"] or {})
    return Instance(
        context=service["Service"].removeprefix(prefix),
        instance_id=service["ID"].removeprefix(prefix),
        host=service["Address"] or entry["Node"]["Address"],
        port=service["Port"],
        version=metadata.pop("version", ""),
        zone=metadata.pop("zone", "local"),
        metadata=metadata,
    )
