"""What the edge does with access tokens before any service sees them, and with keys that change under traffic."""

import json
import time
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.bad_tokens import bad_tokens
from tests.integration.edge.conftest import Edge
from tests.integration.edge.shop import SERVICE
from tests.services import Answer, jwk, signed, signing_key

BAD = bad_tokens(signed, signing_key().public_key().public_bytes_raw())
# Envoy looks at neither of these; the services do.
PASSED_ON = {"refresh as access", "no subject", "empty subject", "roles of another type", "session of another type"}
REASONS = {"expired": "TOKEN_EXPIRED", "unknown key id": "TOKEN_NOT_OURS"}
PATH = "/v1/items/one"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_goes_no_further(edge: Edge, http: httpx.Client, kind: str) -> None:
    answer = http.get(PATH, headers={**bearer(BAD[kind]), "origin": "https://web.example"})
    if kind in PASSED_ON:
        assert (answer.status_code, edge.shop.calls) == (200, {"GetItem": 1})
        return
    assert (answer.status_code, edge.shop.calls) == (401, {})
    status = answer.json()
    [info] = status["details"]
    assert (status["code"], info["domain"]) == (16, "reelmesh.edge")
    assert info["reason"] in {REASONS.get(kind, "TOKEN_INVALID"), "TOKEN_NOT_OURS"}
    assert answer.headers["access-control-allow-origin"] == "https://web.example"


@pytest.mark.parametrize("kind", sorted(BAD.keys() - PASSED_ON))
async def test_grpc_callers_get_a_status_with_the_reason(edge: Edge, kind: str) -> None:
    edge.shop.calls.clear()
    async with grpc.aio.insecure_channel(edge.address) as channel:
        call: Any = channel.unary_unary(f"/{SERVICE}/GetItem", None, None)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(b"", metadata=tuple(bearer(BAD[kind]).items()))
    answer = Answer(raised.value)
    assert (answer.code, edge.shop.calls) == (grpc.StatusCode.UNAUTHENTICATED, {})
    assert answer.status.code == grpc.StatusCode.UNAUTHENTICATED.value[0]
    assert answer.reason in {"TOKEN_INVALID", "TOKEN_EXPIRED", "TOKEN_NOT_OURS"}
    assert answer.info is not None
    assert answer.info.domain == "reelmesh.edge"


def test_a_good_token_and_none_at_all_reach_the_service(http: httpx.Client) -> None:
    assert "authorization" not in http.get(PATH).json()["seen"]
    token = signed({})
    for _ in range(2):
        seen = http.get(PATH, headers={**bearer(token), "x-reelmesh-user": "users/forged"}).json()["seen"]
        assert seen["authorization"] == f"Bearer {token}"
        assert "x-reelmesh-user" not in seen


@pytest.fixture
def usual_keys(edge: Edge) -> Iterator[None]:
    yield
    edge.loop.call(lambda: edge.ads.trust(json.dumps({"keys": [jwk(signing_key())]})))


def until(http: httpx.Client, token: str, status: int) -> None:
    limit = time.monotonic() + 20
    while http.get(PATH, headers=bearer(token)).status_code != status:
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_key_is_replaced_without_a_refusal_and_without_a_new_connection(edge: Edge, http: httpx.Client, usual_keys: None) -> None:
    following = Ed25519PrivateKey.generate()
    old, new = signed({}), signed({}, key=following, kid="next")
    http.get(PATH)
    listeners = listener_updates(edge)

    def trust(*keys: dict[str, Any]) -> None:
        edge.loop.call(lambda: edge.ads.trust(json.dumps({"keys": list(keys)})))

    until(http, new, 401)
    trust(jwk(signing_key()) | {"exp": 4_000_000_000}, jwk(following, "next"))
    until(http, new, 200)
    assert http.get(PATH, headers=bearer(old)).status_code == 200
    trust(jwk(following, "next"))  # all tokens of the old one have expired, or it was stolen
    until(http, old, 401)
    assert http.get(PATH, headers=bearer(new)).status_code == 200
    assert listener_updates(edge) == listeners


def listener_updates(edge: Edge) -> int:
    stats = httpx.get(f"http://{edge.admin_address}/stats?filter=listener_manager.lds.update_success").text
    return int(stats.rpartition(":")[2])


def test_a_control_plane_without_keys_leaves_the_edge_those_that_it_has(edge: Edge, http: httpx.Client, usual_keys: None) -> None:
    edge.loop.call(lambda: edge.ads.trust(""))
    time.sleep(0.3)  # an empty answer would have arrived
    assert http.get(PATH, headers=bearer(signed({}))).status_code == 200
    assert http.get(PATH, headers=bearer(BAD["wrong key"])).status_code == 401
