"""R22: every RPC of the contract with every kind of caller, through the edge and at the services themselves, has the declared outcome.

What a caller may is asked with bytes that are no request: access is decided before they are read, so a caller who may gets as far as
being told that they are wrong, and nothing happens.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf.message import Message

from mesh.policy import Access
from mesh.service_tokens import SERVICE_TOKEN, ServiceTokens
from reelmesh.rating.v1 import review_service_pb2 as reviews
from reelmesh.rating.v1.review_pb2 import Review
from reelmesh.rating.v1.review_service_pb2_grpc import ReviewServiceStub
from stack.state import ProcessEntry
from stack.whole import WholeStack
from tests.contract.generated.methods import Method, internal_methods, methods
from tests.contract.generated.owned import NothingOwned, owned_request
from tests.e2e.accounts import logged_in, person
from tests.e2e.conftest import Headers, bearer
from tests.services import Answer

NO_REQUEST = b"\xff"
ROLES = ("USER", "MODERATOR", "BOX_OFFICE", "ADMIN", "SERVICE")
MAY: Mapping[Access, set[str]] = {
    Access.PUBLIC: {"", *ROLES},
    Access.USER: set(ROLES),
    Access.OWNER: set(ROLES),
    Access.MODERATOR: {"MODERATOR", "ADMIN"},
    Access.BOX_OFFICE: {"BOX_OFFICE", "ADMIN"},
    Access.SERVICE: {"SERVICE", "ADMIN"},
    Access.ADMIN: {"ADMIN"},
}
OWNER, OTHER = "r22-owner", "r22-other"
ACCESS_REASONS = {"TOKEN_MISSING", "ROLE_MISSING", "NOT_OWNER"}


@pytest.fixture(scope="module")
def callers(stack: WholeStack) -> Mapping[str, Headers]:
    """By role; nobody is the empty one."""
    return {"": {}, **{role: bearer(stack.token(f"users/r22-{role.lower().replace('_', '-')}", [role])) for role in ROLES}}


def answer_of(channel: grpc.Channel, method: Method, payload: bytes, caller: Headers) -> Answer | None:
    """None for a success."""
    policy = method.policy
    shape = f"{'stream' if policy.client_streaming else 'unary'}_{'stream' if policy.server_streaming else 'unary'}"
    call: Any = getattr(channel, shape)(policy.path, None, None)
    metadata = tuple(caller.items())
    try:
        found = call(iter([payload]) if policy.client_streaming else payload, metadata=metadata, timeout=10)
        if policy.server_streaming:
            list(found)
    except grpc.RpcError as error:
        failed: Any = error
        return Answer(failed)
    return None


def outcome(answer: Answer | None) -> tuple[str, str]:
    return ("OK", "") if answer is None else (answer.code.name, answer.reason)


def declared(method: Method, role: str) -> tuple[str, str]:
    if role in MAY[method.policy.access]:
        return "INVALID_ARGUMENT", "MALFORMED_MESSAGE"
    return ("PERMISSION_DENIED", "ROLE_MISSING") if role else ("UNAUTHENTICATED", "TOKEN_MISSING")


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.name)
def test_a_method_answers_those_whom_its_rule_names(channel: grpc.Channel, callers: Mapping[str, Headers], method: Method) -> None:
    found = {role: outcome(answer_of(channel, method, NO_REQUEST, caller)) for role, caller in callers.items()}
    assert found == {role: declared(method, role) for role in callers}


def servers(stack: WholeStack, method: Method) -> list[ProcessEntry]:
    """The processes that have an internal method."""
    if method.descriptor.containing_service.name == "ControlPlaneService":
        return [process for process in stack.state.processes if process.kind == "control-plane"]
    return [process for process in stack.state.processes if process.kind == "service"]


@pytest.mark.parametrize("method", internal_methods(), ids=lambda method: method.name)
def test_an_internal_method_does_so_where_it_is_served_and_is_not_at_the_edge(
    stack: WholeStack, channel: grpc.Channel, callers: Mapping[str, Headers], method: Method
) -> None:
    assert {outcome(answer_of(channel, method, NO_REQUEST, caller))[0] for caller in callers.values()} == {"UNIMPLEMENTED"}
    asked = 0
    for process in servers(stack, method):
        with grpc.insecure_channel(process.address) as direct:
            found = {role: outcome(answer_of(direct, method, NO_REQUEST, caller)) for role, caller in callers.items()}
        if {code for code, _ in found.values()} != {"UNIMPLEMENTED"}:  # not every context has every one of them
            assert found == {role: declared(method, role) for role in callers}
            asked += 1
    assert asked


def test_a_service_is_one_by_its_proof_and_nobody_is_one_through_the_edge(stack: WholeStack, channel: grpc.Channel) -> None:
    secret = (stack.directory.secrets / "service-secret").read_text()
    for_services = [method for method in internal_methods() if method.policy.access is Access.SERVICE]
    assert for_services
    proof = {SERVICE_TOKEN: ServiceTokens("identity", [secret]).issued("rating")}
    with grpc.insecure_channel(stack.process("rating-1").address) as direct:
        for method in for_services:
            assert outcome(answer_of(direct, method, NO_REQUEST, proof)) == ("INVALID_ARGUMENT", "MALFORMED_MESSAGE")
            forged = {SERVICE_TOKEN: ServiceTokens("identity", ["f" * 32]).issued("rating")}
            assert outcome(answer_of(direct, method, NO_REQUEST, forged)) == ("UNAUTHENTICATED", "SERVICE_TOKEN_INVALID")
        some = next(method for method in methods() if method.name == "RatingService.RateMovie")
        assert outcome(answer_of(direct, some, NO_REQUEST, proof)) == ("UNAUTHENTICATED", "TOKEN_MISSING")
    # The edge takes the proof away: were it passed on, a bad one would be refused.
    assert outcome(answer_of(channel, some, NO_REQUEST, forged)) == ("UNAUTHENTICATED", "TOKEN_MISSING")


def test_identity_may_ask_other_contexts_for_what_they_hold_about_a_user_who_asks_for_it(stack: WholeStack, http: httpx.Client) -> None:
    """Its call has the user's token, which is no service's, and its own proof."""
    who = person(http, stack)
    caller = bearer(logged_in(http, who)["accessToken"])
    assert http.post("/v1/movies/tt0114709:rate", json={"score": 4}, headers=caller).status_code == 200
    answer = http.get(f"/v1/{who.name}:export", headers=caller, timeout=30)
    assert answer.status_code == 200, answer.text
    parts = [json.loads(line) for line in answer.text.splitlines()]
    assert {part["end"] for part in parts} <= {"END_UNSPECIFIED", "END_COMPLETE"}
    assert any(part["context"] == "rating" and "tt0114709" in str(part["documents"]) for part in parts)


@pytest.fixture(scope="module")
def review(stack: WholeStack, channel: grpc.Channel) -> Iterator[str]:
    """Written by the owner."""
    stub, owner = ReviewServiceStub(channel), tuple(bearer(stack.token(f"users/{OWNER}")).items())
    request = reviews.CreateReviewRequest(parent="movies/tt0114709", review=Review(language_code="en", text="Mine."))
    name = stub.CreateReview(request, metadata=owner, timeout=10).review.name
    yield name
    admin = tuple(bearer(stack.token("users/admin", ["ADMIN"])).items())
    stub.DeleteReview(reviews.DeleteReviewRequest(name=name), metadata=admin, timeout=10)


# Of what is owned without its name saying so. The request changes nothing: what it asks for is refused after the owner is known.
CASES: Mapping[str, Callable[[str], Message]] = {
    "ReviewService.UpdateReview": lambda name: reviews.UpdateReviewRequest(review=Review(name=name, etag="stale", text="x")),
    "ReviewService.DeleteReview": lambda name: reviews.DeleteReviewRequest(name=name, etag="stale"),
}
# Where being an administrator is not enough.
OWNER_ALONE = {"AccountService.ChangePassword"}
OWNED = [method for method in methods() if method.policy.access is Access.OWNER]


@pytest.mark.parametrize("method", OWNED, ids=lambda method: method.name)
def test_what_is_owned_is_for_its_owner_and_for_administrators(
    stack: WholeStack, channel: grpc.Channel, review: str, method: Method
) -> None:
    case = CASES.get(method.name)
    request = case(review) if case else owned_request(method.descriptor.input_type, OWNER)
    payload = request.SerializeToString()

    def asked(subject: str, role: str = "USER") -> tuple[str, str]:
        return outcome(answer_of(channel, method, payload, bearer(stack.token(subject, [role]))))

    assert asked(f"users/{OTHER}") == ("PERMISSION_DENIED", "NOT_OWNER")
    assert asked(f"users/{OTHER}", "MODERATOR") == ("PERMISSION_DENIED", "NOT_OWNER")
    as_admin, as_owner = asked("users/admin", "ADMIN"), asked(f"users/{OWNER}")
    assert (as_admin == ("PERMISSION_DENIED", "NOT_OWNER")) is (method.name in OWNER_ALONE)
    assert as_admin[1] not in ACCESS_REASONS - {"NOT_OWNER"}
    assert as_owner[1] not in ACCESS_REASONS
    assert not {as_admin[0], as_owner[0]} & {"INTERNAL", "UNKNOWN", "UNIMPLEMENTED"}


def test_a_method_for_owners_without_a_case_is_noticed() -> None:
    with pytest.raises(NothingOwned):
        owned_request(reviews.DeleteReviewRequest.DESCRIPTOR, OWNER)


def test_the_same_holds_over_http(http: httpx.Client, callers: Mapping[str, Headers]) -> None:
    """Of the rules that there are, one method each; R18 shows that both ways agree on all of them."""
    found = {role: http.post("/v1/movies", content=b"{}", headers=caller).status_code for role, caller in callers.items()}
    assert found == {"": 401, "USER": 403, "MODERATOR": 403, "BOX_OFFICE": 403, "SERVICE": 403, "ADMIN": 400}
    moderating = "/v1/movies/tt0114709/reviews/none:moderate"
    found = {role: http.post(moderating, json={}, headers=caller).status_code for role, caller in callers.items()}
    assert found == {"": 401, "USER": 403, "MODERATOR": 400, "BOX_OFFICE": 403, "SERVICE": 403, "ADMIN": 400}
