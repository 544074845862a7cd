"""Metrics of calls in the form that Prometheus reads."""

from collections.abc import Collection

from google.rpc import code_pb2
from prometheus_client import CollectorRegistry, generate_latest

from mesh.metrics import CallCollector, ServedCalls
from mesh.postgres.metrics import PoolCollector


def test_calls_are_told_by_method_and_code_with_a_histogram_of_their_times() -> None:
    collector, registry = CallCollector("calls", "Calls", "Their time"), CollectorRegistry()
    registry.register(collector)
    calls = collector.of("Things/Get")
    for seconds in (0.0005, 0.0006, 0.3, 60.0):
        calls.observe(code_pb2.OK, seconds)
    calls.observe(code_pb2.NOT_FOUND, 0.003)

    text = generate_latest(registry).decode()
    assert 'calls_total{code="OK",method="Things/Get"} 4.0' in text
    assert 'calls_total{code="NOT_FOUND",method="Things/Get"} 1.0' in text
    assert 'calls_seconds_bucket{le="0.0005",method="Things/Get"} 1.0' in text
    assert 'calls_seconds_bucket{le="0.001",method="Things/Get"} 2.0' in text
    assert 'calls_seconds_bucket{le="10.0",method="Things/Get"} 4.0' in text
    assert 'calls_seconds_bucket{le="+Inf",method="Things/Get"} 5.0' in text
    assert 'calls_seconds_count{method="Things/Get"} 5.0' in text
    assert 'calls_seconds_sum{method="Things/Get"} 60.3041' in text


def test_two_handlers_of_one_method_count_together() -> None:
    collector = CallCollector("calls", "Calls", "Their time")
    collector.of("Things/Get").observe(code_pb2.OK, 0.1)
    assert collector.of("Things/Get").codes == {code_pb2.OK: 1}


def test_callers_who_invent_names_are_one_label_value() -> None:
    def labels(peers: Collection[str]) -> set[str]:
        collector, registry = CallCollector("calls", "Calls", "Their time", ("method", "peer")), CollectorRegistry()
        registry.register(collector)
        calls = ServedCalls("Things/Get", peers, collector)
        for number in range(1_000):
            calls.observe(code_pb2.OK, 0.001, f"invented-{number}")
        for peer in ("edge", "movie", ""):
            calls.observe(code_pb2.OK, 0.001, peer)
        samples = [sample for family in registry.collect() for sample in family.samples if sample.name == "calls_total"]
        assert sum(sample.value for sample in samples) == 1_003
        return {sample.labels["peer"] for sample in samples}

    assert labels({"edge", "movie"}) == {"edge", "movie", "unknown"}
    everybody = {f"invented-{number}" for number in range(1_000)}
    assert len(labels(everybody)) == 1_001, "the negative control: without the bound each name is a label value"


class Pool:
    def statistics(self) -> dict[str, int]:
        return {"pool_size": 5, "pool_available": 3, "pool_max": 10, "requests_waiting": 2, "requests_num": 70, "requests_wait_ms": 1_500}


def test_a_pool_is_told_by_what_its_connections_do() -> None:
    collector, registry = PoolCollector(), CollectorRegistry()
    registry.register(collector)
    collector.add("movie", Pool())
    text = generate_latest(registry).decode()
    for line in (
        'reelmesh_database_pool_connections{database="movie",state="idle"} 3.0',
        'reelmesh_database_pool_connections{database="movie",state="used"} 2.0',
        'reelmesh_database_pool_limit{database="movie"} 10.0',
        'reelmesh_database_pool_waiting{database="movie"} 2.0',
        'reelmesh_database_pool_requests_total{database="movie"} 70.0',
        'reelmesh_database_pool_wait_seconds_total{database="movie"} 1.5',
    ):
        assert line in text
    collector.remove("movie")
    assert "movie" not in generate_latest(registry).decode()
