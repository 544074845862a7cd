"""What Prometheus is to scrape, in the form of its HTTP service discovery; pure.

https://prometheus.io/docs/prometheus/latest/http_sd/
"""

from collections.abc import Iterable, Iterator
from typing import TypedDict

from mesh.pages import ENVOY_METRICS
from mesh.registry.port import Instance

_ENVOY = {"__metrics_path__": "/stats/prometheus", "__param_usedonly": "true"}


class Target(TypedDict):
    """Addresses that share their labels."""

    targets: list[str]
    labels: dict[str, str]


def scrape_targets(instances: Iterable[Instance], control_planes: Iterable[str], edge_admins: Iterable[str]) -> list[Target]:
    """Every process with metrics. A service that is hosted in an Envoy is two targets: its own metrics, and what its Envoy counts."""
    found = [target for instance in instances for target in _of(instance)]
    found += [_target(address, "control-plane", "control-plane", address) for address in control_planes]
    found += [_target(address, "edge", "envoy", address, _ENVOY) for address in edge_admins]
    return sorted(found, key=lambda target: (target["labels"]["context"], target["labels"]["instance"], target["labels"]["kind"]))


def _of(instance: Instance) -> Iterator[Target]:
    known = {"version": instance.version, "zone": instance.zone}
    if address := instance.metadata.get("metrics"):
        yield _target(address, instance.context, "service", instance.instance_id, known)
        if instance.metadata.get("transport") == "envoy":
            yield _target(address, instance.context, "envoy", instance.instance_id, {**known, "__metrics_path__": ENVOY_METRICS})


def _target(address: str, context: str, kind: str, instance: str, more: dict[str, str] | None = None) -> Target:
    return {"targets": [address], "labels": {"context": context, "kind": kind, "instance": instance, **(more or {})}}
