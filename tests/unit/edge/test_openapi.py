"""The OpenAPI document and the page made from it."""

import re
from importlib import resources
from typing import Any

import pytest
from openapi_spec_validator import validate

from edge.descriptors import load_contract
from edge.openapi.docs_page import docs_page
from edge.openapi.document import openapi
from mesh.policy import Access, policies


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi(resources.files("reelmesh").joinpath("descriptors.binpb").read_bytes(), "1.2.3")


def _operations(document: dict[str, Any]) -> dict[str, Any]:
    return {operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()}


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_it_has_every_method_and_says_which_need_a_token(document: dict[str, Any]) -> None:
    operations = _operations(document)
    for policy in policies(load_contract().services).values():
        operation = operations[f"{policy.service.rpartition('.')[2]}_{policy.method}"]
        assert operation["security"] == ([] if policy.access is Access.PUBLIC else [{"bearer": []}])
        assert operation["summary"]


def test_a_resource_name_is_path_parameters_with_their_patterns(document: dict[str, Any]) -> None:
    (movie, user) = document["paths"]["/v1/movies/{movie}/ratings/{user}"]["get"]["parameters"]
    assert (movie["name"], user["name"]) == ("movie", "user")
    assert re.fullmatch(movie["schema"]["pattern"], "tt0114709")
    assert not re.fullmatch(movie["schema"]["pattern"], "TT")


def test_limits_of_the_contract_are_in_the_schemas(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["movie.v1.Movie"]["properties"]["title"]["maxLength"] == 500
    assert schemas["movie.v1.Movie"]["properties"]["genres"]["uniqueItems"]
    body = document["paths"]["/v1/movies/{movie}:rate"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["score"]
    assert (body["properties"]["score"]["minimum"], body["properties"]["score"]["multipleOf"]) == (0.5, 0.5)
    assert "name" not in body["properties"]  # it is the path


def test_a_bare_answer_and_a_stream_are_described_as_they_arrive(document: dict[str, Any]) -> None:
    one = _operations(document)["MovieService_GetMovie"]["responses"]["200"]["content"]
    assert one["application/json"]["schema"] == {"$ref": "#/components/schemas/movie.v1.Movie"}
    assert "application/x-ndjson" in _operations(document)["MovieService_ExportMovies"]["responses"]["200"]["content"]


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(document: dict[str, Any]) -> None:
    page = docs_page(document)
    assert page.count('<details class="operation"') == len(_operations(document))
    assert not re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    assert "<!--" not in page
