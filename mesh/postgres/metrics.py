"""Prometheus metrics of connection pools, read from psycopg's own counters when somebody asks."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Pool(Protocol):
    """What is told of a pool: psycopg_pool's statistics."""

    def statistics(self) -> Mapping[str, int]: ...


class PoolCollector(Collector):
    """The pools that are open now, by the name of their database."""

    def __init__(self) -> None:
        self._pools: dict[str, Pool] = {}

    def add(self, database: str, pool: Pool) -> None:
        self._pools[database] = pool

    def remove(self, database: str) -> None:
        self._pools.pop(database, None)

    def collect(self) -> Iterator[Metric]:
        connections = GaugeMetricFamily("reelmesh_database_pool_connections", "Connections by what they do", labels=["database", "state"])
        limit = GaugeMetricFamily("reelmesh_database_pool_limit", "Most connections of this process", labels=["database"])
        waiting = GaugeMetricFamily("reelmesh_database_pool_waiting", "Calls that wait for a connection now", labels=["database"])
        counters = {
            "requests_num": CounterMetricFamily("reelmesh_database_pool_requests", "Connections asked for", labels=["database"]),
            "requests_queued": CounterMetricFamily("reelmesh_database_pool_queued", "Those that had to wait", labels=["database"]),
            "requests_errors": CounterMetricFamily("reelmesh_database_pool_failures", "Those that got none", labels=["database"]),
        }
        waited = CounterMetricFamily("reelmesh_database_pool_wait_seconds", "Time spent waiting for one", labels=["database"])
        for database, pool in list(self._pools.items()):
            found = pool.statistics()
            idle = found.get("pool_available", 0)
            connections.add_metric([database, "idle"], idle)
            connections.add_metric([database, "used"], found.get("pool_size", 0) - idle)
            limit.add_metric([database], found.get("pool_max", 0))
            waiting.add_metric([database], found.get("requests_waiting", 0))
            waited.add_metric([database], found.get("requests_wait_ms", 0) / 1000)
            for name, counter in counters.items():
                counter.add_metric([database], found.get(name, 0))
        yield from (connections, limit, waiting, waited, *counters.values())


pools = PoolCollector()
REGISTRY.register(pools)
