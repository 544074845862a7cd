"""What Consul's answers say about instances."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from mesh.registry.consul.entries import instances_of, registration
from mesh.registry.port import Instance

ENTRY: dict[str, Any] = {
    "Node": {"Address": "10.0.0.7"},
    "Service": {
        "ID": "reelmesh-movie-1",
        "Service": "reelmesh-movie",
        "Address": "10.0.0.8",
        "Port": 5001,
        "Meta": {"version": "1.2", "zone": "a", "pid": "7"},
    },
}


def found(change: Callable[[dict[str, Any]], object] = lambda _: None) -> frozenset[Instance]:
    entry = copy.deepcopy(ENTRY)
    change(entry)
    return instances_of([entry], "reelmesh-")


def test_an_entry_is_an_instance() -> None:
    assert found() == {Instance("movie", "movie-1", "10.0.0.8", 5001, "1.2", "a", {"pid": "7"})}


def test_an_entry_without_an_address_is_at_its_node() -> None:
    (instance,) = found(lambda entry: entry["Service"].update(Address=""))
    assert instance.host == "10.0.0.7"


@pytest.mark.parametrize("change", [{"Port": 0}, {"Address": "a-name"}, {"ID": "reelmesh-"}])
def test_what_is_none_of_ours_is_left_out(change: dict[str, Any]) -> None:
    assert found(lambda entry: entry["Service"].update(change)) == frozenset()


def test_consul_asks_for_health_where_it_can_and_for_the_port_where_it_would_need_a_certificate() -> None:
    plain = Instance("movie", "movie-1", "10.0.0.8", 5001, metadata={"transport": "grpcio"})
    guarded = Instance("movie", "movie-1", "10.0.0.8", 5001, metadata={"transport": "grpcio", "tls": "mutual"})
    assert registration(plain, "")["check"]["grpc"] == "10.0.0.8:5001"
    check = registration(guarded, "")["check"]
    assert (check["tcp"], "grpc" in check) == ("10.0.0.8:5001", False)
