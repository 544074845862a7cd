"""Prometheus metrics of the calls that a process serves and makes.

Counted in plain numbers, which only the event loop writes, and put into Prometheus' form when somebody asks: its own counters take a
lock for each number, several for each call.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from google.rpc import code_pb2
from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from mesh.settings import host_and_port

# Seconds; from a cache hit to the longest unary deadline.
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BOUNDS = (*map(str, map(float, _BUCKETS)), "+Inf")


class CallMetrics:
    """The calls of one method so far."""

    __slots__ = ("buckets", "codes", "seconds")

    def __init__(self) -> None:
        self.codes: dict[int, int] = {}
        self.buckets = [0] * len(_BOUNDS)
        self.seconds = 0.0

    def observe(self, code: int, seconds: float) -> None:
        codes = self.codes
        codes[code] = codes.get(code, 0) + 1
        self.buckets[bisect_left(_BUCKETS, seconds)] += 1
        self.seconds += seconds


class CallCollector(Collector):
    """`<name>_total` by method and code, `<name>_seconds` by method."""

    def __init__(self, name: str, counted: str, timed: str) -> None:
        self._name, self._counted, self._timed = name, counted, timed
        self._methods: dict[str, CallMetrics] = {}

    def of(self, method: str) -> CallMetrics:
        return self._methods.setdefault(method, CallMetrics())

    def collect(self) -> Iterator[Metric]:
        """In a thread of its own: every copy below is one step for the interpreter, so that it is whole."""
        counter = CounterMetricFamily(self._name, self._counted, labels=["method", "code"])
        histogram = HistogramMetricFamily(f"{self._name}_seconds", self._timed, labels=["method"])
        for method, calls in list(self._methods.items()):
            for code, count in list(calls.codes.items()):
                counter.add_metric([method, code_pb2.Code.Name(code)], count)
            cumulative = accumulate(list(calls.buckets))
            histogram.add_metric([method], list(zip(_BOUNDS, cumulative, strict=True)), calls.seconds)
        yield counter
        yield histogram


_served = CallCollector("reelmesh_rpc_served", "Calls answered", "Time to the answer")
_called = CallCollector("reelmesh_rpc_client", "Calls made to other contexts", "Time to their answer")
for _collector in (_served, _called):
    REGISTRY.register(_collector)


def served(method: str) -> CallMetrics:
    return _served.of(method)


def called(method: str) -> CallMetrics:
    return _called.of(method)


def serve_metrics(address: str) -> None:
    """Prometheus text at http://`address`/metrics, from a thread of its own."""
    host, port = host_and_port(address)
    start_http_server(port, host)
