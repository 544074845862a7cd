"""Writes the dashboards of Grafana: one of the mesh, one of each context. The JSON is committed; a test keeps it in step."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.queries import growth, highest, per_second, quantile, quantiles, ratio, total
from stack.topology import CONTEXTS

DIRECTORY = Path(__file__).parent / "grafana" / "dashboards"
_DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
_COLUMNS, _WIDTH, _HEIGHT = 24, 8, 8
# Codes that say something about us rather than about the request.
_OUR_FAULT = 'code=~"UNKNOWN|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|INTERNAL|UNAVAILABLE|DATA_LOSS"'


@dataclass(frozen=True)
class Panel:
    """`queries` are PromQL by the legend of its series; `unit` is one of Grafana's."""

    title: str
    unit: str
    queries: dict[str, str]


def mesh() -> list[Panel]:
    edge, ours = 'envoy_http_conn_manager_prefix="edge"', 'job="reelmesh"'
    served = "reelmesh_rpc_served_total"
    return [
        Panel(
            "Requests",
            "reqps",
            {"{{envoy_response_code_class}}xx": per_second("envoy_http_downstream_rq_xx", edge, "envoy_response_code_class")},
        ),
        Panel("Time to the answer", "ms", quantiles("envoy_http_downstream_rq_time", edge)),
        Panel("Targets that do not answer", "none", {"{{context}} {{kind}}": f"sum by (context, kind) (up{{{ours}}} == bool 0)"}),
        Panel("Calls answered", "reqps", {"{{context}}": per_second(served, "", "context")}),
        Panel(
            "Calls failed by our fault",
            "percentunit",
            {"{{context}}": ratio(per_second(served, _OUR_FAULT, "context"), per_second(served, "", "context"))},
        ),
        Panel("Time to the answer, 99 %", "s", {"{{context}}": quantile(0.99, "reelmesh_rpc_served_seconds", "", "context")}),
        Panel("Oldest unpublished event", "s", {"{{context}}": highest("reelmesh_outbox_lag_seconds", "", "context")}),
        Panel("Consumers behind", "s", {"{{consumer}}": highest("reelmesh_consumer_lag_seconds", "", "consumer")}),
        Panel("Events given up", "none", {"{{consumer}}": growth("reelmesh_events_dead_lettered_total", "", "consumer")}),
        Panel("Instances registered", "none", {"{{context}}": highest("reelmesh_registry_instances", "", "context")}),
        Panel("Clients of the control plane", "none", {"{{instance}}": total("reelmesh_xds_clients", "", "instance")}),
        Panel(
            "Answers of the control plane",
            "cps",
            {
                "pushed": per_second("reelmesh_xds_pushes_total"),
                "taken": per_second("reelmesh_xds_acks_total"),
                "refused {{type}}": per_second("reelmesh_xds_nacks_total", "", "type"),
            },
        ),
        Panel("Processor", "percentunit", {"{{context}}": per_second("process_cpu_seconds_total", ours, "context")}),
        Panel("Memory", "bytes", {"{{context}}": total("process_resident_memory_bytes", ours, "context")}),
        Panel(
            "What runs",
            "none",
            {"{{context}} {{version}} {{release}} {{commit}}": total("reelmesh_build_info", "", "context, version, release, commit")},
        ),
    ]


def context(name: str) -> list[Panel]:
    of = f'context="{name}"'
    served, answered, asked = "reelmesh_rpc_served_total", "reelmesh_rpc_served_seconds", "reelmesh_rpc_client_total"
    pool, hits, misses = "reelmesh_database_pool", "reelmesh_cache_hits_total", "reelmesh_cache_misses_total"
    found, missed = per_second(hits, of, "cache"), per_second(misses, of, "cache")
    return [
        Panel("Calls answered", "reqps", {"{{method}}": per_second(served, of, "method")}),
        Panel("Calls that failed", "reqps", {"{{method}} {{code}}": per_second(served, f'{of},code!="OK"', "method, code")}),
        Panel("Calls by caller", "reqps", {"{{peer}}": per_second(served, of, "peer")}),
        Panel("Time to the answer", "s", quantiles(answered, of)),
        Panel("Time to the answer, 99 %", "s", {"{{method}}": quantile(0.99, answered, of, "method")}),
        Panel("Calls to other contexts", "reqps", {"{{method}} {{code}}": per_second(asked, of, "method, code")}),
        Panel(
            "Database connections",
            "none",
            {
                "{{state}}": total(f"{pool}_connections", of, "state"),
                "limit": total(f"{pool}_limit", of),
                "calls waiting": total(f"{pool}_waiting", of),
            },
        ),
        Panel(
            "Wait for a connection",
            "s",
            {"mean": ratio(per_second(f"{pool}_wait_seconds_total", of), per_second(f"{pool}_requests_total", of))},
        ),
        Panel("Answers found in a cache", "percentunit", {"{{cache}}": ratio(found, f"({found} + {missed})")}),
        Panel("Events published", "cps", {"published": per_second("reelmesh_events_published_total", of)}),
        Panel("Oldest unpublished event", "s", {"lag": highest("reelmesh_outbox_lag_seconds", of)}),
        Panel("Consumers behind", "s", {"{{consumer}}": highest("reelmesh_consumer_lag_seconds", of, "consumer")}),
        Panel(
            "Events handled",
            "cps",
            {
                "{{consumer}}": per_second("reelmesh_events_handled_total", of, "consumer"),
                "{{consumer}} failed": per_second("reelmesh_event_failures_total", of, "consumer"),
            },
        ),
        Panel("Processor", "percentunit", {"{{instance}}": per_second("process_cpu_seconds_total", of, "instance")}),
        Panel("Memory", "bytes", {"{{instance}}": total("process_resident_memory_bytes", of, "instance")}),
    ]


def dashboards() -> dict[str, dict[str, Any]]:
    """Documents by file name."""
    named = {"mesh": _document("mesh", "Reelmesh", mesh())}
    named |= {each.name: _document(each.name, f"Reelmesh: {each.name}", context(each.name)) for each in CONTEXTS}
    return {f"{name}.json": document for name, document in named.items()}


def _document(name: str, title: str, panels: list[Panel]) -> dict[str, Any]:
    return {
        "uid": f"reelmesh-{name}",
        "title": title,
        "tags": ["reelmesh"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "links": [{"type": "dashboards", "tags": ["reelmesh"], "title": "Reelmesh", "asDropdown": True, "keepTime": True}],
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, place = divmod(number, _COLUMNS // _WIDTH)
    targets = [
        {"refId": letter, "datasource": _DATASOURCE, "expr": query, "legendFormat": legend}
        for letter, (legend, query) in zip("ABCDEF", panel.queries.items(), strict=False)
    ]
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _DATASOURCE,
        "gridPos": {"x": place * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": targets,
    }


if __name__ == "__main__":
    for file, document in dashboards().items():
        (DIRECTORY / file).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
