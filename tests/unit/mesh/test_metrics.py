"""Metrics of calls in the form that Prometheus reads."""

from google.rpc import code_pb2
from prometheus_client import CollectorRegistry, generate_latest

from mesh.metrics import CallCollector


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
