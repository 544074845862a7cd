"""What the edge makes of HTTP rules before Envoy sees them."""

import re

import pytest
from google.protobuf import descriptor_pb2

from edge.bare_answers import UnsupportedContract, unwrapped_contract
from edge.contract import path_pattern, paths_by_methods
from tests.integration.edge.shop import SERVICE, Contract


@pytest.mark.parametrize(
    ("template", "path", "matches"),
    [
        ("/v1/items", "/v1/items", True),
        ("/v1/items", "/v1/items/one", False),
        ("/v1/{name=items/*}", "/v1/items/one", True),
        ("/v1/{name=items/*}", "/v1/items/one/two", False),
        ("/v1/{name=items/*}", "/v1/items/one:verb", False),
        ("/v1/{name=items/*}:verb", "/v1/items/one:verb", True),
        ("/v1/{item.name=items/*}/parts/{part}", "/v1/items/one/parts/two", True),
        ("/v1/{name=items/**}", "/v1/items/one/two", True),
        ("/v1.0/items", "/v1x0/items", False),
    ],
)
def test_a_path_template_becomes_a_pattern(template: str, path: str, matches: bool) -> None:
    assert bool(re.fullmatch(path_pattern(template), path)) is matches


def test_paths_are_grouped_by_the_methods_that_they_have(tmp_path_factory: pytest.TempPathFactory) -> None:
    contract = Contract(tmp_path_factory.mktemp("contract"))
    grouped = paths_by_methods(contract.descriptor_set, [SERVICE])
    assert grouped[frozenset({"GET", "POST"})] == ["/v1/items"]
    assert grouped[frozenset({"POST"})] == ["/v1/items:import"]


def test_a_bare_answer_has_to_be_one_message(tmp_path_factory: pytest.TempPathFactory) -> None:
    contract = Contract(tmp_path_factory.mktemp("contract"))
    files = descriptor_pb2.FileDescriptorSet.FromString(contract.descriptor_set)
    (shop,) = (file for file in files.file if file.package == "shop.v1")
    (response,) = (message for message in shop.message_type if message.name == "GetItemResponse")
    response.field[0].label = descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED
    with pytest.raises(UnsupportedContract, match="GetItem"):
        unwrapped_contract(files.SerializeToString())
