"""What gRPC clients are given is a function of the instances and the contract, and of nothing else."""

import itertools
import json
from datetime import timedelta

import pytest
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment
from envoy_data_plane.envoy.config.route.v3 import RouteConfiguration
from envoy_data_plane.envoy.extensions.filters.http.fault.v3 import HttpFault
from envoy_data_plane.envoy.service.discovery.v3 import DiscoveryResponse
from envoy_data_plane.envoy.type.v3 import FractionalPercent, FractionalPercentDenominatorType

from mesh.control_plane import limits
from mesh.control_plane.client_bootstrap import client_bootstrap
from mesh.control_plane.envoy_bootstrap import FAULT_FILTER
from mesh.control_plane.resources import CDS, EDS, LDS, RDS, TYPES, Resources
from mesh.control_plane.rules import NO_RULES, AbortCode, Fault
from mesh.control_plane.view import View
from mesh.registry.port import Instance
from mesh.transport.marks import ONCE
from tests.unit.control_plane.clients import built, movie, rating, seen
from tests.unit.control_plane.methods import METHODS


def assignment(resources: Resources, context: str) -> ClusterLoadAssignment:
    (found,) = DiscoveryResponse.parse(resources.response(EDS, [context], "1")).resources
    return ClusterLoadAssignment.parse(found.value)


def route_table(resources: Resources, context: str) -> RouteConfiguration:
    (found,) = DiscoveryResponse.parse(resources.response(RDS, [context], "1")).resources
    return RouteConfiguration.parse(found.value)


def ports(found: ClusterLoadAssignment) -> list[int]:
    sockets = (each.endpoint.address.socket_address for zone in found.endpoints for each in zone.lb_endpoints)  # type: ignore[union-attr]  # set by us
    return sorted(socket.port_value for socket in sockets if socket is not None and socket.port_value is not None)


def test_the_order_of_the_instances_changes_no_version() -> None:
    instances = [movie(1, "a"), movie(2, "b"), movie(3, "a"), rating(1)]
    versions = {tuple(built(*order).versions.items()) for order in itertools.permutations(instances)}
    assert len(versions) == 1


def test_a_new_instance_changes_the_version_of_the_endpoints_only() -> None:
    before, after = built(movie(1)), built(movie(1), movie(2))
    assert [kind for kind in TYPES if before.versions[kind] != after.versions[kind]] == [EDS]
    assert before.digests(EDS, ["rating"]) == after.digests(EDS, ["rating"])


def test_what_operators_read_about_an_instance_changes_no_version() -> None:
    plain = Instance("movie", "movie-1", "127.0.0.1", 5001)
    described = Instance("movie", "movie-1", "127.0.0.1", 5001, version="9", metadata={"pid": "7"})
    assert built(plain).versions == built(described).versions


def test_a_context_without_instances_exists_and_is_empty() -> None:
    resources = built()
    for kind in (CDS, EDS, LDS, RDS):
        assert set(resources.digests(kind, None)) == {"movie", "rating"}
    assert assignment(resources, "movie").endpoints == []


def test_a_context_that_the_contract_does_not_know_is_reachable_too() -> None:
    resources = built(Instance("booking", "booking-1", "127.0.0.1", 7001))
    assert set(resources.digests(LDS, None)) == {"booking", "movie", "rating"}
    assert ports(assignment(resources, "booking")) == [7001]


def test_zones_are_localities_weighted_by_their_instances() -> None:
    found = assignment(built(movie(1, "a"), movie(2, "b"), movie(3, "a")), "movie")
    assert [(zone.locality and zone.locality.zone, zone.load_balancing_weight) for zone in found.endpoints] == [("a", 2), ("b", 1)]
    assert ports(found) == [5001, 5002, 5003]


def test_an_address_is_listed_once_even_when_two_instances_claim_it() -> None:
    twice = [Instance("movie", name, "127.0.0.1", 5001, zone=zone) for name, zone in (("movie-1", "a"), ("movie-2", "b"))]
    assert ports(assignment(built(*twice), "movie")) == [5001]


def test_only_repeatable_methods_are_retried_and_only_after_unavailable() -> None:
    table = route_table(built(), "movie")
    retries = {
        route.match.path: (route.route.retry_policy.retry_on, route.route.retry_policy.num_retries)
        for host in table.virtual_hosts
        for route in host.routes
        if route.match and route.route and route.route.retry_policy
    }
    assert retries == {
        method.path: ("unavailable", limits.RETRIES) for method in METHODS if method.repeatable and method.context == "movie"
    }


def test_no_route_limits_time_since_grpc_measures_such_limits_wrongly() -> None:
    actions = [route.route for host in route_table(built(), "movie").virtual_hosts for route in host.routes]
    assert actions
    assert all(action and action.timeout is None and action.max_stream_duration is None for action in actions)


def test_what_is_no_method_of_the_contract_reaches_the_context_too() -> None:
    last = route_table(built(), "movie").virtual_hosts[0].routes[-1]
    assert last.match is not None
    assert last.match.prefix == ""
    assert last.route is not None
    assert (last.route.cluster, last.route.retry_policy) == ("movie", None)


def test_equal_requests_share_one_serialised_response() -> None:
    resources = built(movie(1))
    first, second = (DiscoveryResponse.parse(resources.response(CDS, ["rating", "movie"], nonce)) for nonce in ("1", "2"))
    assert (first.nonce, second.nonce) == ("1", "2")
    assert first.resources == second.resources
    assert len(first.resources) == 2
    assert len(resources._responses) == 1


def test_a_caller_without_budget_meets_a_route_without_a_retry() -> None:
    path = METHODS[0].path
    first, second = (route for route in route_table(built(), "movie").virtual_hosts[0].routes if route.match and route.match.path == path)
    assert first.match is not None
    assert [(header.name, header.present_match, header.invert_match) for header in first.match.headers] == [(ONCE, True, True)]
    assert second.match is not None
    assert second.match.headers == []
    assert second.route is not None
    assert second.route.retry_policy is None


def test_a_fault_is_on_every_route_of_its_method_and_on_no_other() -> None:
    path = METHODS[0].path
    rules = NO_RULES.with_fault(path, Fault(delay_ms=200, abort=AbortCode.UNAVAILABLE, percent=0.5))
    table = route_table(seen(View(frozenset(), rules)), "movie")
    faulty = {route.match.path: route.typed_per_filter_config for route in table.virtual_hosts[0].routes if route.match}
    assert {where for where, settings in faulty.items() if settings} == {path}
    for route in table.virtual_hosts[0].routes:
        if route.match and route.match.path == path:
            fault = HttpFault.parse(route.typed_per_filter_config[FAULT_FILTER].value)
            assert fault.abort is not None
            assert (fault.abort.grpc_status, fault.abort.percentage) == (
                14,
                FractionalPercent(5_000, FractionalPercentDenominatorType.MILLION),
            )
            assert fault.delay is not None
            assert fault.delay.fixed_delay == timedelta(milliseconds=200)
    assert built().versions[RDS] != seen(View(frozenset(), rules)).versions[RDS]


def test_addresses_of_control_planes_are_one_server_so_that_a_client_turns_to_the_next_one() -> None:
    content = json.loads(client_bootstrap(["127.0.0.1:1", "127.0.0.1:2"], node_id="movie-1", zone="a"))
    assert [server["server_uri"] for server in content["xds_servers"]] == ["ipv4:127.0.0.1:1,127.0.0.1:2"]
    assert content["node"] == {"id": "movie-1", "cluster": "service", "locality": {"zone": "a"}}


@pytest.mark.parametrize(
    ("servers", "targets"),
    [
        (["127.0.0.1:1"], ["127.0.0.1:1"]),
        (["[::1]:1", "[::2]:1"], ["ipv6:[::1]:1,[::2]:1"]),
        (["plane-a:1", "plane-b:1"], ["plane-a:1", "plane-b:1"]),
        (["127.0.0.1:1", "[::1]:1"], ["127.0.0.1:1", "[::1]:1"]),
    ],
)
def test_names_and_mixed_families_stay_servers_of_their_own(servers: list[str], targets: list[str]) -> None:
    content = json.loads(client_bootstrap(servers, node_id="movie-1"))
    assert [server["server_uri"] for server in content["xds_servers"]] == targets
