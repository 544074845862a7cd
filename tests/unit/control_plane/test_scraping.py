"""What Prometheus is told to scrape."""

from mesh.control_plane.scraping import scrape_targets
from mesh.pages import ENVOY_METRICS
from mesh.registry.port import Instance


def instance(transport: str) -> Instance:
    metadata = {"metrics": "192.0.2.7:9464", "transport": transport, "admin": "127.0.0.1:4711"}
    return Instance("movie", "movie-1", "192.0.2.7", 9000, "v2", "north", metadata)


def test_a_service_is_scraped_where_it_serves_its_metrics() -> None:
    assert scrape_targets([instance("grpcio")], [], []) == [
        {
            "targets": ["192.0.2.7:9464"],
            "labels": {"context": "movie", "kind": "service", "instance": "movie-1", "version": "v2", "zone": "north"},
        }
    ]


def test_the_envoy_around_a_service_is_scraped_through_the_service() -> None:
    """Its own interface listens on loopback, which in a container is not Prometheus'."""
    envoy, service = scrape_targets([instance("envoy")], [], [])
    assert (envoy["targets"], envoy["labels"]["kind"], envoy["labels"]["__metrics_path__"]) == (
        ["192.0.2.7:9464"],
        "envoy",
        ENVOY_METRICS,
    )
    assert service["labels"]["kind"] == "service"


def test_control_planes_and_edges_are_scraped_too() -> None:
    found = scrape_targets([], ["192.0.2.1:18001"], ["192.0.2.2:9901"])
    assert [(target["targets"], target["labels"]["kind"]) for target in found] == [
        (["192.0.2.1:18001"], "control-plane"),
        (["192.0.2.2:9901"], "envoy"),
    ]
