"""Prometheus metrics of the calls that a process serves and makes."""

from google.rpc import code_pb2
from prometheus_client import Counter, Histogram, start_http_server

from mesh.settings import host_and_port

# Seconds; from a cache hit to the longest unary deadline.
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_served = Counter("reelmesh_rpc_served_total", "Calls answered", ["method", "code"])
_served_seconds = Histogram("reelmesh_rpc_served_seconds", "Time to the answer", ["method"], buckets=_BUCKETS)
_called = Counter("reelmesh_rpc_client_total", "Calls made to other contexts", ["method", "code"])
_called_seconds = Histogram("reelmesh_rpc_client_seconds", "Time to their answer", ["method"], buckets=_BUCKETS)


class CallMetrics:
    """The metrics of one method, with its labels looked up once."""

    def __init__(self, method: str, counter: Counter, histogram: Histogram) -> None:
        self._seconds = histogram.labels(method)
        self._by_code = {number: counter.labels(method, name) for name, number in code_pb2.Code.items() if number == code_pb2.OK}
        self._counter, self._method = counter, method

    def observe(self, code: int, seconds: float) -> None:
        self._seconds.observe(seconds)
        child = self._by_code.get(code)
        if child is None:
            child = self._by_code[code] = self._counter.labels(self._method, code_pb2.Code.Name(code))
        child.inc()


def served(method: str) -> CallMetrics:
    return CallMetrics(method, _served, _served_seconds)


def called(method: str) -> CallMetrics:
    return CallMetrics(method, _called, _called_seconds)


def serve_metrics(address: str) -> None:
    """Prometheus text at http://`address`/metrics, from a thread of its own."""
    host, port = host_and_port(address)
    start_http_server(port, host)
