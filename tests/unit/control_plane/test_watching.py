"""What a control plane tells those who watch the platform: whom to scrape, who is ready, what it pushed."""

import asyncio

from prometheus_client import CollectorRegistry, generate_latest

from mesh.control_plane.metrics import XdsCollector
from mesh.control_plane.readiness import Readiness
from mesh.control_plane.scraping import scrape_targets
from mesh.control_plane.subscriptions import Counts
from mesh.pages import ENVOY_METRICS
from mesh.registry.port import Instance


def instance(context: str, number: int, **metadata: str) -> Instance:
    return Instance(context, f"{context}-{number}", "127.0.0.1", 1000 + number, version="v2", zone="a", metadata=metadata)


def test_every_process_with_metrics_is_a_target_and_a_hosted_one_is_two() -> None:
    instances = {
        instance("movie", 1, metrics="127.0.0.1:9001", transport="envoy"),
        instance("rating", 1, metrics="127.0.0.1:9003"),
        instance("metadata", 1, metrics=""),
    }
    found = scrape_targets(instances, ["127.0.0.1:1"], ["127.0.0.1:2"])
    assert [(target["targets"], target["labels"]["context"], target["labels"]["kind"]) for target in found] == [
        (["127.0.0.1:1"], "control-plane", "control-plane"),
        (["127.0.0.1:2"], "edge", "envoy"),
        (["127.0.0.1:9001"], "movie", "envoy"),
        (["127.0.0.1:9001"], "movie", "service"),
        (["127.0.0.1:9003"], "rating", "service"),
    ]
    paths = [target["labels"].get("__metrics_path__") for target in found if target["labels"]["kind"] == "envoy"]
    assert paths == ["/stats/prometheus", ENVOY_METRICS]  # in containers, the interface of a hosted service's Envoy is out of reach
    assert found[3]["labels"] == {"context": "movie", "kind": "service", "instance": "movie-1", "version": "v2", "zone": "a"}


class Asked:
    """Instances by port: those that serve, and who was asked."""

    def __init__(self, *serving: int) -> None:
        self.serving = {1000 + number for number in serving}
        self.asked: list[Instance] = []

    async def __call__(self, instance: Instance) -> bool:
        self.asked.append(instance)
        await asyncio.sleep(0)
        return instance.port in self.serving


async def test_a_context_is_ready_when_one_of_its_instances_serves() -> None:
    readiness = Readiness(["movie", "rating", "metadata"], Asked(2))
    readiness.instances = frozenset({instance("movie", 1), instance("movie", 2), instance("rating", 3)})
    assert await readiness.checks() == {"metadata": "unavailable", "movie": "ok", "rating": "not serving"}


async def test_of_a_large_context_only_some_are_asked() -> None:
    asked = Asked(*range(100))
    readiness = Readiness([], asked)
    readiness.instances = frozenset(instance("movie", number) for number in range(100))
    assert await readiness.checks() == {"movie": "ok"}
    assert len(asked.asked) == 4


async def test_instances_that_do_not_answer_hold_nobody_up() -> None:
    async def hangs(instance: Instance) -> bool:
        await asyncio.sleep(60 if instance.port == 1001 else 0)
        return True

    readiness = Readiness([], hangs)
    readiness.instances = frozenset({instance("movie", 1), instance("rating", 2)})
    async with asyncio.timeout(10):
        assert await readiness.checks() == {"movie": "not serving", "rating": "ok"}


async def test_who_asks_often_hears_the_same_for_a_second() -> None:
    now = [0.0]
    asked = Asked(1)
    readiness = Readiness(["movie"], asked, clock=lambda: now[0])
    readiness.instances = frozenset({instance("movie", 1)})
    assert await asyncio.gather(*(readiness.checks() for _ in range(50))) == [{"movie": "ok"}] * 50
    assert len(asked.asked) == 1
    asked.serving.clear()
    assert await readiness.checks() == {"movie": "ok"}
    now[0] += 1.1
    assert await readiness.checks() == {"movie": "not serving"}


class Server:
    clients = 3
    counts = Counts(responses=7, acknowledged=5, refused={"type.googleapis.com/envoy.config.cluster.v3.Cluster": 2})


def test_pushes_and_refusals_are_counted() -> None:
    collector, registry = XdsCollector(Server()), CollectorRegistry()
    collector.instances = frozenset({instance("movie", 1), instance("movie", 2)})
    registry.register(collector)
    text = generate_latest(registry).decode()
    for line in (
        "reelmesh_xds_clients 3.0",
        "reelmesh_xds_pushes_total 7.0",
        "reelmesh_xds_acks_total 5.0",
        'reelmesh_xds_nacks_total{type="Cluster"} 2.0',
        'reelmesh_registry_instances{context="movie"} 2.0',
    ):
        assert line in text
