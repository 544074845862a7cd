"""What the edge's Envoy is told at first."""

import pytest

from edge.bootstrap import bootstrap


@pytest.mark.parametrize("address", ["127.0.0.1:0", "[::1]:9901"])
def test_on_loopback_the_administration_interface_has_everything(address: str) -> None:
    assert "allow_paths" not in bootstrap(["127.0.0.1:1"], "edge", address)["admin"]


@pytest.mark.parametrize("address", ["0.0.0.0:9901", "[::]:9901", "192.0.2.1:9901"])
def test_beyond_loopback_it_has_only_what_is_read_to_watch(address: str) -> None:
    assert bootstrap(["127.0.0.1:1"], "edge", address)["admin"]["allow_paths"] == [{"prefix": "/stats/prometheus"}, {"exact": "/ready"}]
