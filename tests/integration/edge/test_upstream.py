"""What the edge does when a service is away, fails, or moves."""

import time
from typing import Any

import grpc
import httpx
import pytest

from mesh.registry.port import Instance
from stack.servers.command import free_port
from tests.integration.edge.conftest import Edge
from tests.integration.edge.shop import SERVICE, Shop


@pytest.fixture(autouse=True)
def only_the_shop_again(edge: Edge) -> object:
    yield
    edge.publish(frozenset([edge.shop_instance]))
    until_answered(edge)


def until_answered(edge: Edge) -> None:
    limit = time.monotonic() + 10
    while httpx.get(f"{edge.url}/v1/items/one").status_code != 200:
        assert time.monotonic() < limit
        time.sleep(0.05)


def until_status(http: httpx.Client, status: int) -> httpx.Response:
    limit = time.monotonic() + 10
    while (answer := http.get("/v1/items/one")).status_code != status:
        assert time.monotonic() < limit
        time.sleep(0.05)
    return answer


def test_without_an_instance_the_answer_is_unavailable_in_the_caller_s_own_shape(edge: Edge, http: httpx.Client) -> None:
    edge.publish(frozenset())
    body = until_status(http, 503).json()
    assert body == {
        "code": 14,
        "message": "the service is not available",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "SERVICE_UNAVAILABLE",
                "domain": "reelmesh.edge",
                "metadata": {"request_id": body["details"][0]["metadata"]["request_id"]},
            },
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"},
        ],
    }
    with grpc.insecure_channel(edge.address) as channel:
        call: Any = channel.unary_unary(f"/{SERVICE}/GetItem", None, None)
        with pytest.raises(grpc.RpcError) as raised:
            call(b"")
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert raised.value.details() == "the service is not available"


def test_an_instance_that_is_not_there_costs_no_repeatable_call(edge: Edge, http: httpx.Client) -> None:
    absent = Instance("shop", "shop-2", "127.0.0.1", free_port())
    edge.publish(frozenset([edge.shop_instance, absent]))
    assert [http.get("/v1/items/one").status_code for _ in range(40)] == [200] * 40


def test_unavailable_is_tried_again_once_for_repeatable_methods(edge: Edge, http: httpx.Client) -> None:
    assert http.get("/v1/items:fail?code=14&once=true").status_code == 200
    assert edge.shop.calls["FailWith"] == 2


@pytest.mark.parametrize("code", [2, 4, 8, 10, 13])
def test_nothing_else_is_tried_again(edge: Edge, http: httpx.Client, code: int) -> None:
    http.get(f"/v1/items:fail?code={code}&once=true")
    assert edge.shop.calls["FailWith"] == 1


def test_instances_move_without_a_failed_call(edge: Edge, http: httpx.Client) -> None:
    second = Shop(edge.contract)
    instance = Instance("shop", "shop-2", "127.0.0.1", edge.loop.run(second.start()))
    statuses = []
    for instances in ([edge.shop_instance, instance], [instance]):
        edge.publish(frozenset(instances))
        limit = time.monotonic() + 0.5
        while time.monotonic() < limit:
            statuses.append(http.get("/v1/items/one").status_code)
    edge.shop.calls.clear()
    assert http.get("/v1/items/one").status_code == 200
    assert edge.shop.calls == {}
    assert second.calls["GetItem"] > 10
    assert set(statuses) == {200}
    edge.publish(frozenset([edge.shop_instance]))
    until_answered(edge)
    edge.loop.run(second.stop())


def test_the_edge_accepts_everything_that_it_is_told(edge: Edge) -> None:
    assert edge.ads.counts.refused == {}
    assert "rejected" not in edge.log.read_text()
