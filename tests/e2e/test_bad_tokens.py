"""R23: what is no access token, or is none any more, is nobody's: at the edge and at a service, over REST and gRPC."""

import time
from collections.abc import Callable, Mapping

import grpc
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from stack.tokens import SigningKeys
from stack.whole import WholeStack
from tests.bad_tokens import bad_tokens
from tests.contract.generated.methods import internal_methods, methods
from tests.e2e.accounts import logged_in, person
from tests.e2e.conftest import bearer
from tests.e2e.test_access import NO_REQUEST, answer_of, outcome
from tests.services import signed

TOY_STORY = "movies/tt0114709"
KINDS = sorted(bad_tokens(signed, b"p" * 32))


@pytest.fixture(scope="module")
def sign(stack: WholeStack) -> Callable[..., str]:
    """With the key of the stack."""
    keys = SigningKeys(stack.directory.secrets)
    key = load_pem_private_key(keys.key_file.read_bytes(), None)
    kid = jwt.get_unverified_header(stack.token())["kid"]
    return lambda claims, **changes: signed(claims, **({"key": key, "kid": kid} | changes))


@pytest.fixture(scope="module")
def bad(stack: WholeStack, sign: Callable[..., str]) -> Mapping[str, str]:
    key = load_pem_private_key(SigningKeys(stack.directory.secrets).key_file.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return bad_tokens(sign, key.public_key().public_bytes_raw())


def refusals(stack: WholeStack, http: httpx.Client, channel: grpc.Channel, token: str) -> set[tuple[str, str, str]]:
    """(way, code, reason) of a method that anybody may call and of one for users: over REST, over gRPC, at the service itself."""
    caller, found = bearer(token), set()
    for answer in (http.get(f"/v1/{TOY_STORY}", headers=caller), http.post(f"/v1/{TOY_STORY}:rate", json={"score": 4}, headers=caller)):
        found.add(("REST", "UNAUTHENTICATED" if answer.status_code == 401 else str(answer.status_code), reason_of(answer)))
    for name, process in (("MovieService.GetMovie", "movie-1"), ("RatingService.RateMovie", "rating-1")):
        method = next(each for each in methods() if each.name == name)
        found.add(("gRPC", *outcome(answer_of(channel, method, NO_REQUEST, caller))))
        with grpc.insecure_channel(stack.process(process).address) as direct:
            found.add(("service", *outcome(answer_of(direct, method, NO_REQUEST, caller))))
    return found


def reason_of(answer: httpx.Response) -> str:
    details = answer.json().get("details", [])
    return next((str(detail["reason"]) for detail in details if detail["@type"].endswith("ErrorInfo")), "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_token_is_unauthenticated_everywhere(
    stack: WholeStack, http: httpx.Client, channel: grpc.Channel, bad: Mapping[str, str], kind: str
) -> None:
    found = refusals(stack, http, channel, bad[kind])
    assert {way for way, _, _ in found} == {"REST", "gRPC", "service"}
    assert {code for _, code, _ in found} == {"UNAUTHENTICATED"}
    assert all(reason.startswith("TOKEN_") for _, _, reason in found)


def test_the_token_that_they_are_made_of_is_taken_everywhere(
    stack: WholeStack, http: httpx.Client, channel: grpc.Channel, sign: Callable[..., str]
) -> None:
    """Without this, a token of the wrong platform would pass for all of the above."""
    assert "UNAUTHENTICATED" not in {code for _, code, _ in refusals(stack, http, channel, sign({}))}


def test_a_session_that_ended_is_refused_by_every_service(stack: WholeStack, http: httpx.Client) -> None:
    tokens = logged_in(http, person(http, stack))
    caller = bearer(tokens["accessToken"])
    addresses = {process.name: process.address for process in stack.state.processes if process.kind == "service"}
    method = next(each for each in internal_methods() if each.name == "AdminService.GetBuildInfo")

    def reasons() -> dict[str, str]:
        found = {}
        for name, address in addresses.items():
            with grpc.insecure_channel(address) as direct:
                found[name] = outcome(answer_of(direct, method, NO_REQUEST, caller))[1]
        return found

    assert set(reasons().values()) == {"ROLE_MISSING"}
    ended = http.post("/v1/sessions:logOut", json={"refreshToken": tokens["refreshToken"]})
    assert ended.status_code == 200, ended.text
    limit = time.monotonic() + 20
    while set(reasons().values()) != {"SESSION_REVOKED"}:
        assert time.monotonic() < limit, reasons()
        time.sleep(0.05)
    over_rest = http.get(f"/v1/{TOY_STORY}", headers=caller)
    assert (over_rest.status_code, reason_of(over_rest)) == (401, "SESSION_REVOKED")
