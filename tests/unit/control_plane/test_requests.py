"""The fields of a DiscoveryRequest that are used, read from what another encoder of the protocol writes."""

import pytest
from envoy_data_plane.envoy.config.core.v3 import BuildVersion, Extension, Locality, Node
from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryRequest
from envoy_data_plane.google.protobuf import Struct
from envoy_data_plane.google.rpc import Status
from google.protobuf.message import DecodeError

from mesh.control_plane.requests import Request, parse
from mesh.control_plane.resources import EDS


def test_every_field_is_found_and_what_is_not_used_is_left_out() -> None:
    node = Node(
        id="movie-1",
        cluster="service",
        locality=Locality(region="eu", zone="a", sub_zone="rack"),
        metadata=Struct.from_dict({"other": "x", "nested": {"tls_dir": "no"}, "tls_dir": "/run/tls"}),
        user_agent_name="envoy",
        user_agent_build_version=BuildVersion(),
        extensions=[Extension(name="a filter")],
    )
    sent = DiscoveryRequest(
        version_info="7",
        node=node,
        resource_names=["movie", "rating"],
        type_url=EDS,
        response_nonce="3",
        error_detail=Status(code=3, message="no such cluster"),
    )
    assert parse(bytes(sent)) == Request(EDS, frozenset({"movie", "rating"}), "3", "no such cluster", "movie-1", "service", "a", "/run/tls")


def test_a_request_without_a_node_or_a_refusal() -> None:
    assert parse(bytes(DiscoveryRequest(type_url=EDS))) == Request(EDS, frozenset(), "", None, "", "", "")


def test_a_refusal_without_words_is_one() -> None:
    assert parse(bytes(DiscoveryRequest(type_url=EDS, error_detail=Status()))).refusal == ""


def test_bytes_that_are_no_request_are_refused() -> None:
    with pytest.raises(DecodeError):
        parse(b"\xff\xff")
