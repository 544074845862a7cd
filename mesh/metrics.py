"""Prometheus metrics of the calls that a process serves and makes, and of the process itself.

Counted in plain numbers, which only the event loop writes, and put into Prometheus' form when somebody asks: its own counters take a
lock for each number, several for each call.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate

from google.rpc import code_pb2
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from mesh.pages import Page

# Seconds; from a cache hit to the longest unary deadline.
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_BOUNDS = (*map(str, map(float, _BUCKETS)), "+Inf")


# What an instance calls itself when it calls others; the edge takes it away from requests that come from outside.
CALLER = "x-reelmesh-caller"
_UNKNOWN = "unknown"


class CallMetrics:
    """The calls of one kind so far."""

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
    """`<name>_total` by `labels` and code, `<name>_seconds` by `labels`."""

    def __init__(self, name: str, counted: str, timed: str, labels: Sequence[str] = ("method",)) -> None:
        self._name, self._counted, self._timed, self._labels = name, counted, timed, labels
        self._calls: dict[tuple[str, ...], CallMetrics] = {}

    def of(self, *values: str) -> CallMetrics:
        return self._calls.setdefault(values, CallMetrics())

    def collect(self) -> Iterator[Metric]:
        """In a thread of its own: every copy below is one step for the interpreter, so that it is whole."""
        counter = CounterMetricFamily(self._name, self._counted, labels=[*self._labels, "code"])
        histogram = HistogramMetricFamily(f"{self._name}_seconds", self._timed, labels=self._labels)
        for values, calls in list(self._calls.items()):
            for code, count in list(calls.codes.items()):
                counter.add_metric([*values, code_pb2.Code.Name(code)], count)
            cumulative = accumulate(list(calls.buckets))
            histogram.add_metric(values, list(zip(_BOUNDS, cumulative, strict=True)), calls.seconds)
        yield counter
        yield histogram


_served = CallCollector("reelmesh_rpc_served", "Calls answered", "Time to the answer", ("method", "peer"))
_called = CallCollector("reelmesh_rpc_client", "Calls made to other contexts", "Time to their answer")
for _collector in (_served, _called):
    REGISTRY.register(_collector)


class ServedCalls:
    """Calls of one method by who called. `peers` are the names that a caller may have; all others are one, so that nobody who invents
    names makes the process grow."""

    def __init__(self, method: str, peers: Collection[str], collector: CallCollector = _served) -> None:
        self._method, self._peers, self._collector = method, peers, collector
        self._by_peer: dict[str, CallMetrics] = {}

    def observe(self, code: int, seconds: float, peer: str) -> None:
        calls = self._by_peer.get(peer)
        if calls is None:
            calls = self._found(peer)
        calls.observe(code, seconds)

    def _found(self, peer: str) -> CallMetrics:
        is_known = peer in self._peers
        calls = self._collector.of(self._method, peer if is_known else _UNKNOWN)
        if is_known or not peer:  # an invented name is not worth keeping
            self._by_peer[peer] = calls
        return calls


def called(method: str) -> CallMetrics:
    return _called.of(method)


def metrics_page() -> Page:
    """Everything that this process counts, as Prometheus reads it."""
    return Page(200, CONTENT_TYPE_LATEST, generate_latest())
