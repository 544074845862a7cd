"""The pages of a control plane: its metrics, what there is to scrape, and whether the platform is ready."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from prometheus_client import REGISTRY

from edge.probes import READYZ
from edge.settings import EdgeSettings
from mesh.build import BuildInfo
from mesh.control_plane.ads import AdsServer
from mesh.control_plane.metrics import XdsCollector
from mesh.control_plane.readiness import OK, Readiness, serves
from mesh.control_plane.scraping import scrape_targets
from mesh.metrics import metrics_page
from mesh.pages import Page
from mesh.registry.port import Instance

_ANSWERED_WITHIN = 5.0


class Watching:
    """To be told of every change by `publish`, which passes it on to `ads`. Made in the event loop."""

    def __init__(self, ads: AdsServer, settings: EdgeSettings, contexts: Iterable[str]) -> None:
        self._ads, self._settings = ads, settings
        self._loop = asyncio.get_running_loop()
        self._collector = XdsCollector(ads)
        self._readiness = Readiness(contexts, partial(serves, identity=settings.identity))
        self._instances: frozenset[Instance] | None = None
        REGISTRY.register(self._collector)
        BuildInfo.here(
            "control-plane", settings.instance_id, version=settings.version, commit=settings.commit, transport="grpcio"
        ).publish()

    def publish(self, instances: frozenset[Instance]) -> None:
        self._instances = self._collector.instances = self._readiness.instances = instances
        self._ads.publish(instances)

    @property
    def pages(self) -> Mapping[str, Callable[[], Page]]:
        return {"/metrics": metrics_page, "/targets": self._targets, READYZ: self._ready}

    def _targets(self) -> Page:
        control_planes = self._settings.control_plane_pages
        return _json(200, scrape_targets(self._instances or (), control_planes, self._settings.edge_admins))

    def _ready(self) -> Page:
        if self._instances is None:
            return _json(503, {"status": "unavailable", "checks": {"registry": "unavailable"}})
        checks = asyncio.run_coroutine_threadsafe(self._readiness.checks(), self._loop).result(_ANSWERED_WITHIN)
        is_ready = all(each == OK for each in checks.values())
        return _json(200 if is_ready else 503, {"status": OK if is_ready else "unavailable", "checks": checks})


def _json(status: int, content: object) -> Page:
    return Page(status, "application/json", json.dumps(content, separators=(",", ":")).encode())
