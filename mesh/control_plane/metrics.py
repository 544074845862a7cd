"""Prometheus metrics of a control plane: what it pushed, what its clients said to it."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mesh.registry.port import Instance


class Counted(Protocol):
    """What is asked of `subscriptions.Counts`."""

    @property
    def responses(self) -> int: ...
    @property
    def acknowledged(self) -> int: ...
    @property
    def refused(self) -> Mapping[str, int]: ...


class Serving(Protocol):
    """What is asked of `ads.AdsServer`."""

    @property
    def clients(self) -> int: ...
    @property
    def counts(self) -> Counted: ...


class XdsCollector(Collector):
    """`instances` are those that were published last, by context."""

    def __init__(self, server: Serving) -> None:
        self._server = server
        self.instances: frozenset[Instance] = frozenset()

    def collect(self) -> Iterator[Metric]:
        counts = self._server.counts
        yield GaugeMetricFamily("reelmesh_xds_clients", "Streams of clients that are open", value=self._server.clients)
        yield CounterMetricFamily("reelmesh_xds_pushes", "Responses sent", value=counts.responses)
        yield CounterMetricFamily("reelmesh_xds_acks", "Responses that clients took", value=counts.acknowledged)
        refused = CounterMetricFamily("reelmesh_xds_nacks", "Responses that clients refused", labels=["type"])
        for kind, count in dict(counts.refused).items():
            refused.add_metric([kind.rpartition(".")[2]], count)
        yield refused
        running = GaugeMetricFamily("reelmesh_registry_instances", "Instances that are registered", labels=["context"])
        contexts = [instance.context for instance in self.instances]
        for context in sorted(set(contexts)):
            running.add_metric([context], contexts.count(context))
        yield running
