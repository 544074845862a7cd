"""What a dashboard asks Prometheus, with Grafana's own variables filled in."""

from collections.abc import Iterator
from typing import Any

import promql_parser

_VARIABLES = {"$__rate_interval": "1m", "$__range": "1h"}


def queries(document: dict[str, Any]) -> list[str]:
    return [_filled(target["expr"]) for panel in document["panels"] for target in panel["targets"]]


def metrics_of(query: str) -> set[str]:
    """The names of all time series that a query reads."""
    return set(_names(promql_parser.parse(query)))


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, promql_parser.VectorSelector):
        yield str(node.name)
    for part in ("lhs", "rhs", "expr", "vector_selector"):
        if (below := getattr(node, part, None)) is not None:
            yield from _names(below)
    for argument in getattr(node, "args", None) or ():
        yield from _names(argument)


def _filled(query: str) -> str:
    for name, value in _VARIABLES.items():
        query = query.replace(name, value)
    return query
