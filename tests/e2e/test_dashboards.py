"""What the dashboards ask for is what the processes of a running stack tell."""

from typing import Any

import httpx
import pytest

from deploy.dashboards import dashboards
from stack.whole import WholeStack
from tests.dashboards import metrics_of, queries

_OF_PROMETHEUS = {"up"}
_SUFFIXES = ("_bucket", "_sum", "_count")


@pytest.fixture(scope="module")
def told(stack: WholeStack, http: httpx.Client) -> set[str]:
    """The names of all metrics, from every target that Prometheus is given; whether they have a sample yet or not."""
    assert http.get("/v1/movies?pageSize=1").status_code == 200
    targets: list[dict[str, Any]] = httpx.get(stack.state.urls["targets"], trust_env=False).json()
    assert {target["labels"]["kind"] for target in targets} >= {"service", "envoy", "control-plane"}
    names: set[str] = set()
    for target in targets:
        path = target["labels"].get("__metrics_path__", "/metrics")
        page = httpx.get(f"http://{target['targets'][0]}{path}", trust_env=False)
        assert page.status_code == 200, target
        names |= {line.split()[2] for line in page.text.splitlines() if line.startswith("# TYPE ")}
    return names | {f"{name}{suffix}" for name in names for suffix in _SUFFIXES}


@pytest.mark.parametrize("file", sorted(dashboards()))
def test_every_metric_of_a_dashboard_exists(told: set[str], file: str) -> None:
    asked = {name for query in queries(dashboards()[file]) for name in metrics_of(query)}
    assert len(asked) > 8
    assert asked - told - _OF_PROMETHEUS == set()


def test_a_metric_that_nobody_has_would_be_seen(told: set[str]) -> None:
    assert metrics_of("sum(rate(reelmesh_rpc_servde_total[1m])) / up") - told - _OF_PROMETHEUS == {"reelmesh_rpc_servde_total"}
