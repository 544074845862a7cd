"""How many requests an address and a user may make: an edge of its own, with small limits."""

from collections.abc import Iterable, Iterator
from typing import Any

import grpc
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.rpc import error_details_pb2

from edge.options import EdgeOptions
from tests.integration.edge.conftest import Edge, running_edge
from tests.integration.edge.shop import SERVICE
from tests.services import Answer, signed

PATH = "/v1/items/one"
ADDRESS_LIMIT, USER_LIMIT = 3, 1
MANY = 500
BURST = 10  # seconds' worth may come at once


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    options = EdgeOptions(address_limit=ADDRESS_LIMIT, user_limit=USER_LIMIT, trusted_hops=1)
    with running_edge(tmp_path_factory.mktemp("limited"), options) as started:
        yield started


def caller(address: str, subject: str = "") -> dict[str, str]:
    """As a proxy in front tells it."""
    token = {"authorization": f"Bearer {signed({'sub': subject})}"} if subject else {}
    return {"x-forwarded-for": address, **token}


def status(edge: Edge, caller: dict[str, str]) -> int:
    return httpx.get(edge.url + PATH, headers=caller).status_code


def answered_before_the_limit(edge: Edge, callers: Iterable[dict[str, str]]) -> int:
    """How many got an answer; fails when all of them did."""
    with httpx.Client(base_url=edge.url) as http:
        for number, each in enumerate(callers):
            if http.get(PATH, headers=each).status_code == 429:
                return number
    raise AssertionError("there is no limit")


def test_an_address_has_its_share_and_takes_nothing_from_others(limited: Edge) -> None:
    assert answered_before_the_limit(limited, [caller("192.0.2.1")] * MANY) >= ADDRESS_LIMIT * BURST
    assert status(limited, caller("192.0.2.2")) == 200


def test_the_addresses_of_one_ipv6_network_are_one(limited: Edge) -> None:
    assert answered_before_the_limit(limited, [caller(f"2001:db8:0:1::{number:x}") for number in range(MANY)]) >= ADDRESS_LIMIT * BURST
    assert status(limited, caller("2001:db8:0:2::1")) == 200


def test_a_user_has_a_share_however_many_addresses_and_takes_nothing_from_others(limited: Edge) -> None:
    everywhere = [caller(f"198.51.{number // 250}.{number % 250}", "users/many") for number in range(MANY)]
    assert answered_before_the_limit(limited, everywhere) >= USER_LIMIT * BURST
    assert status(limited, caller("198.51.100.1", "users/other")) == 200
    assert status(limited, caller("198.51.100.1")) == 200


def test_a_made_up_token_uses_up_nobody_s_share(limited: Edge) -> None:
    forged = {"authorization": f"Bearer {signed({'sub': 'users/victim'}, key=Ed25519PrivateKey.generate())}"}
    statuses = {status(limited, {"x-forwarded-for": f"203.0.113.{number}", **forged}) for number in range(USER_LIMIT * BURST * 3)}
    assert statuses == {401}
    assert status(limited, caller("203.0.113.1", "users/victim")) == 200


def test_over_the_limit_everybody_is_told_when_to_come_back(limited: Edge) -> None:
    with httpx.Client(base_url=limited.url, headers={**caller("192.0.2.9"), "origin": "https://web.example"}) as http:
        over = next(answer for answer in (http.get(PATH) for _ in range(MANY)) if answer.status_code == 429)
    assert over.headers["retry-after"] == "1"
    assert "access-control-allow-origin" in over.headers
    told = over.json()
    kinds = [detail["@type"].rpartition(".")[2] for detail in told["details"]]
    assert (told["code"], kinds) == (8, ["ErrorInfo", "QuotaFailure", "RetryInfo"])
    assert (told["details"][0]["reason"], told["details"][2]["retryDelay"]) == ("TOO_MANY_REQUESTS", "1s")


def test_grpc_callers_get_a_status_with_the_same_details(limited: Edge) -> None:
    metadata = tuple(caller("192.0.2.10").items())
    with grpc.insecure_channel(limited.address) as channel:
        call: Any = channel.unary_unary(f"/{SERVICE}/GetItem", None, None)
        with pytest.raises(grpc.RpcError) as raised:
            [call(b"", metadata=metadata) for _ in range(MANY)]
    error: Any = raised.value
    answer = Answer(error)
    assert (answer.code, answer.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_REQUESTS")
    retry = answer.detail(error_details_pb2.RetryInfo)
    assert retry is not None
    assert retry.retry_delay.seconds == 1
    assert answer.detail(error_details_pb2.QuotaFailure) is not None


def test_without_limits_nothing_is_counted(edge: Edge) -> None:
    with httpx.Client(base_url=edge.url) as http:
        assert 429 not in {http.get(PATH).status_code for _ in range(ADDRESS_LIMIT * BURST * 3)}
