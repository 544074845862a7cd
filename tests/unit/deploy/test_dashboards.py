"""The dashboards are what their source says, and everything that they ask is PromQL."""

import json

import promql_parser
import pytest

from deploy.dashboards import DIRECTORY, dashboards
from stack.topology import CONTEXTS
from tests.dashboards import queries


def test_what_is_committed_is_what_the_source_makes() -> None:
    committed = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in DIRECTORY.glob("*.json")}
    assert committed == dashboards(), "make dashboards"


def test_the_mesh_and_every_context_have_one() -> None:
    assert set(dashboards()) == {"mesh.json", *(f"{context.name}.json" for context in CONTEXTS)}


@pytest.mark.parametrize("file", sorted(dashboards()))
def test_every_query_is_promql(file: str) -> None:
    asked = queries(dashboards()[file])
    assert len(asked) > 10
    for query in asked:
        promql_parser.parse(query)


@pytest.mark.parametrize("file", sorted(dashboards()))
def test_panels_do_not_overlap(file: str) -> None:
    panels = dashboards()[file]["panels"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


@pytest.mark.parametrize("file", sorted(dashboards()))
def test_no_query_is_left_out_of_its_panel(file: str) -> None:
    for panel in dashboards()[file]["panels"]:
        references = [target["refId"] for target in panel["targets"]]
        assert references
        assert len(set(references)) == len(references)
