"""Replicas on the command line."""

import pytest

from mesh.transport.envoy import launch
from stack.errors import StackError
from stack.topology import CONTEXTS, default_transport, parse_replicas


def test_replicas_are_counted_for_each_context() -> None:
    assert parse_replicas(["movie=2", "rating=3"]) == {"movie": 2, "rating": 3}


@pytest.mark.parametrize("text", ["movie", "movie=", "movie=0", "movie=33", "movie=-1", "movie=²", "=2", "films=2"])
def test_replicas_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(StackError, match="--replicas"):
        parse_replicas([text])


def test_a_context_names_its_module_and_no_two_share_a_name() -> None:
    assert {context.module for context in CONTEXTS} == {f"{context.name}_service" for context in CONTEXTS}
    assert len({context.name for context in CONTEXTS}) == len(CONTEXTS)


def test_services_run_in_envoy_where_it_is_installed_and_on_grpcio_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_transport() == "envoy"
    monkeypatch.setattr(launch, "envoy_binary", lambda: None)
    assert default_transport() == "grpcio"
